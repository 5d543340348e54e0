import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { serviceNames } from "@topdog/contracts/services";
import { parseAllDocuments } from "yaml";
import type { Secret } from "../topdog/create-secrets.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { busServers } from "./bus-state.ts";
import { imageTag } from "./images/images.ts";
import { chartOf, type Kube } from "./kube.ts";
import { nodeName } from "./places.ts";

const run = promisify(execFile);
/** Of each service. */
export const replicas = 2;
/** Of the provider that stands outside of the platform. */
export const model = "sandbox-small";
const storageClass = "disks-of-the-node";
const diskSize = "1Gi";

export interface ProductionDeps {
  readonly kube: Kube;
  readonly cluster: Cluster;
  readonly root: string;
  readonly namespace: string;
}

/** What is there before production is installed: disks, secrets, a database with a disk, and a provider. Returns the secrets. */
export async function prepareProduction({ kube, cluster, root, namespace }: ProductionDeps): Promise<Secret[]> {
  const apply = (objects: readonly object[]): Promise<string> =>
    kube.kubectl(["apply", "--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  await kube.kubectl(["create", "namespace", namespace]);
  await kube.kubectl(["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"]);
  const folders = Array.from({ length: busServers + 1 }, (_, index) => join(cluster.places.run, namespace, `${index}`));
  await apply([storage, ...folders.map((folder, index) => disk(`${namespace}-${index}`, folder))]);
  const script = join(root, "scripts/topdog.ts");
  const flags = ["--disable-warning=ExperimentalWarning", script, "create-secrets", "--kid", namespace];
  const { stdout } = await run(process.execPath, flags, { cwd: root });
  await kube.kubectl(["create", "--filename", "-"], stdout);
  await kube.kubectl(["create", "secret", "generic", "provider-api-keys", "--from-literal=OUTSIDE_API_KEY=any"]);
  await apply(await neighbours(kube, root));
  return (JSON.parse(stdout) as { readonly items: Secret[] }).items;
}

const storage = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: storageClass },
  provisioner: "kubernetes.io/no-provisioner",
  volumeBindingMode: "WaitForFirstConsumer",
};

/** A folder of the node that outlives the pods, as a disk does. */
function disk(name: string, folder: string): object {
  mkdirSync(folder, { recursive: true });
  const here = { key: "kubernetes.io/hostname", operator: "In", values: [nodeName] };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage: diskSize },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: storageClass,
      local: { path: folder },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } },
    },
  };
}

const claim = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "database" },
  spec: {
    accessModes: ["ReadWriteOnce"],
    storageClassName: storageClass,
    resources: { requests: { storage: diskSize } },
  },
};

interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly template?: {
      readonly spec: { readonly volumes: { readonly name: string }[]; readonly securityContext: object };
    };
  };
}

/** The database and the provider are other people's in production: here those for trying out, which no release owns, on a disk. */
async function neighbours(kube: Kube, root: string): Promise<object[]> {
  const chart = chartOf(root);
  const shown = ["postgres", "stand-ins"].flatMap((name) => ["--show-only", `templates/${name}.yaml`]);
  const values = ["--values", join(chart, "values-evaluation.yaml"), "--set", "standIns.stripeTwin.enabled=false"];
  const tag = ["--set", `global.imageTag=${imageTag}`, "--set", `postgres.image.tag=${imageTag}`];
  const text = await kube.helm(["template", "neighbours", chart, ...shown, ...values, ...tag]);
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  return [claim, ...objects.map((object) => (object.kind === "StatefulSet" ? onDisk(object) : object))];
}

function onDisk(set: Manifest): object {
  const pod = set.spec.template?.spec;
  const volumes = pod?.volumes.map((volume) =>
    volume.name === "data" ? { name: "data", persistentVolumeClaim: { claimName: claim.metadata.name } } : volume,
  );
  // Else each start opens every file to the group, and Postgres refuses a folder that its group may write to.
  const securityContext = { ...pod?.securityContext, fsGroupChangePolicy: "OnRootMismatch" };
  const template = { ...set.spec.template, spec: { ...pod, volumes, securityContext } };
  return { ...set, spec: { ...set.spec, template } };
}

/** The values of a team's own file. The sizes are those of a small machine. */
export function writeProductionValues({ cluster, namespace }: Pick<ProductionDeps, "cluster" | "namespace">): string {
  const resources = { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } };
  const outside = { id: "outside", baseUrl: "http://sandbox-provider:8091/v1", apiKeyEnv: "OUTSIDE_API_KEY" };
  const values = {
    global: { imageTag, publicUrl: "https://topdog.example" },
    nats: { image: { tag: imageTag }, storageClass, size: diskSize, resources },
    ...Object.fromEntries(serviceNames.map((name) => [name, { replicas, resources }])),
    "llm-router": {
      replicas,
      resources,
      config: { UPSTREAMS: JSON.stringify([{ ...outside, models: [model] }]) },
    },
  };
  const file = join(cluster.places.run, `${namespace}.json`);
  writeFileSync(file, JSON.stringify(values));
  return file;
}
