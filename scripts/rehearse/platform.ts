import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ServiceName, serviceNames } from "@topdog/contracts/services";
import { twinPriceVariables } from "@topdog/contracts/stripe-prices";
import { createSecrets } from "../topdog/create-secrets.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { imageTag } from "./images/images.ts";
import { createPrometheus, prometheusUrl, type RehearsalPrometheus } from "./prometheus.ts";
import { chartOf, createKube, type Kube, namespace, until } from "./kube.ts";

export interface RehearsedPlatform {
  readonly kube: Kube;
  readonly cluster: Cluster;
  readonly root: string;
  readonly gatewayUrl: string;
  readonly databaseUrl: (service: string) => string;
  readonly key: string;
  /** One helm upgrade: on top of what was set before, these values. */
  readonly upgrade: (values: Readonly<Record<string, string>>) => Promise<void>;
  /** Helm agrees with an undo: the values are again those before the last upgrade that changed some. */
  readonly withdraw: () => Promise<void>;
  readonly prometheus: RehearsalPrometheus;
}

const startTimeoutMs = 240_000;
const operatorScopes = "llm,usage:read,account";

/** Small and quick: windows of seconds, and pods that a small machine can carry. */
const rehearsalValues = {
  global: { imageTag, monitoringFrom: [{ ipBlock: { cidr: "10.41.0.0/16" } }] },
  nats: { image: { tag: imageTag } },
  postgres: { image: { tag: imageTag } },
  standIns: { sandboxProvider: { replicas: 2, config: { TTFT_MS: "20", TOKEN_INTERVAL_MS: "3" } } },
  ...Object.fromEntries(serviceNames.map((name) => [name, serviceValues(name)])),
};

function serviceValues(name: ServiceName): object {
  const config: Partial<Record<ServiceName, object>> = {
    gateway: { PRINCIPAL_TTL_MS: 5 },
    quota: { GATEWAY_TIMEOUT_MS: 5000 },
    "llm-router": { SANDBOX_URLS: "http://sandbox-provider:8091" },
    "org-registry": { MAIL_DIR: "/tmp/mail" },
  };
  return {
    replicas: 2,
    config: config[name] ?? {},
    delivery: {
      gates: "rehearsal",
      prometheus: prometheusUrl,
      weights: [30],
      minReadySeconds: 1,
      standBySeconds: 60,
      progressDeadlineSeconds: 180,
    },
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
    shutdownGraceSeconds: 10,
    drainSeconds: 2,
    ...(name === "gateway" ? { routerGroups: { canaryPercent: 30 } } : {}),
  };
}

/** Installs the real charts with real controllers beside them, and makes an org that the load calls as. */
export async function installPlatform(
  cluster: Cluster,
  root: string,
  log: (line: string) => void,
): Promise<RehearsedPlatform> {
  const kube = createKube(cluster);
  const { places } = cluster;
  await kube.kubectl(["apply", "--server-side", "--filename", join(places.cache, "crds")]);
  await kube.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  await kube.kubectl(["create", "namespace", namespace]);
  await kube.kubectl(["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"]);
  const secrets = createSecrets({ kid: "rehearsal", database: "topdog-postgres:5432" });
  const others = [
    secret("stripe-keys", {
      STRIPE_SECRET_KEY: "sk_test_twin_of_this_machine",
      STRIPE_WEBHOOK_SECRET: "whsec_4b1f0c7d9e2a48c6b5d3f7a1",
      ...twinPriceVariables(),
    }),
  ];
  const manifest = JSON.stringify({ apiVersion: "v1", kind: "List", items: [...secrets, ...others] });
  await kube.kubectl(["create", "--filename", "-"], manifest);
  cluster.start(
    "argo-rollouts",
    "rollouts-controller",
    ["--leader-elect=false", "--metricsPort=8190", "--healthzPort=8191"],
    {
      env: { POD_NAMESPACE: namespace },
    },
  );
  const prometheus = createPrometheus(cluster, root);
  await prometheus.start();
  const helm = createUpgrade(cluster, kube, root);
  await helm.upgrade({ "billing.config.STRIPE_API_URL": "http://stripe-twin:8093" });
  log("helm install returned");
  for (const name of serviceNames) {
    await until(
      `the Rollout ${name} is healthy`,
      () => kube.rollout(name),
      ({ phase }) => phase === "Healthy",
      {
        timeoutMs: startTimeoutMs,
      },
    );
  }
  log("every service is healthy");
  const address = async (service: string): Promise<string> =>
    (await kube.kubectl(["get", "service", service, "--output", "jsonpath={.spec.clusterIP}"])).trim();
  const [gateway, postgres] = await Promise.all([address("gateway"), address("topdog-postgres")]);
  const databaseUrl = (service: string): string => {
    const stored =
      secrets.find(({ metadata }) => metadata.name === `${service}-database`)?.stringData["DATABASE_URL"] ?? "";
    return stored.replace("@topdog-postgres:", `@${postgres}:`);
  };
  const auditKeys = secrets.find(({ metadata }) => metadata.name === "audit-keys")?.stringData["AUDIT_KEYS"] ?? "";
  const key = await createCaller({ cluster, root, databaseUrl, auditKeys });
  return { kube, cluster, root, gatewayUrl: `http://${gateway}:8080`, databaseUrl, key, ...helm, prometheus };
}

const secret = (name: string, stringData: Readonly<Record<string, string>>): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name },
  stringData,
});

/** Values accumulate, as they do in a team's own file: what one release set, the next one keeps. */
function createUpgrade(cluster: Cluster, kube: Kube, root: string): Pick<RehearsedPlatform, "upgrade" | "withdraw"> {
  const file = join(cluster.places.run, "values.json");
  writeFileSync(file, JSON.stringify(rehearsalValues));
  const evaluation = join(chartOf(root), "values-evaluation.yaml");
  let set = new Map<string, string>();
  const apply = async (wanted: ReadonlyMap<string, string>): Promise<void> => {
    const flags = [...wanted].flatMap(([name, value]) => [
      /^-?\d+$/.test(value) && !name.endsWith(".release") ? "--set" : "--set-string",
      `${name}=${value.replaceAll(",", String.raw`\,`)}`,
    ]);
    // After an undo kubectl owns the template: Helm takes it back.
    const values = ["--values", evaluation, "--values", file, ...flags];
    await kube.helm(["upgrade", "--install", "topdog", chartOf(root), "--force-conflicts", ...values]);
  };
  let before = set;
  return {
    upgrade: async (values) => {
      const wanted = new Map([...set, ...Object.entries(values)]);
      await apply(wanted);
      before = set;
      set = wanted;
    },
    withdraw: async () => {
      await apply(before);
      set = before;
    },
  };
}

interface CallerDeps extends Pick<RehearsedPlatform, "cluster" | "root" | "databaseUrl"> {
  readonly auditKeys: string;
}

/** An org with more quota than any load can use, by the operators' own commands. */
async function createCaller({ cluster, root, databaseUrl, auditKeys }: CallerDeps): Promise<string> {
  const command = async (service: "org-registry" | "billing", name: string, ...args: string[]): Promise<string> => {
    const env = [`DATABASE_URL=${databaseUrl(service)}`, `AUDIT_KEYS=${auditKeys}`];
    const entry = join(root, "services", service, "dist/commands", `${name}.js`);
    return cluster.exec("env", [...env, process.execPath, entry, ...args]);
  };
  const made = (text: string): { readonly id: string; readonly key: string } =>
    JSON.parse(text.trim().split("\n").at(-1) ?? "") as { id: string; key: string };
  const owner = made(await command("org-registry", "create-user", "--email", "load@example.test"));
  const org = made(await command("org-registry", "create-org", "--name", "Load", "--owner", owner.id));
  await command("billing", "set-plan", "--owner", `org:${org.id}`, "--plan", "enterprise", "--seats", "2000");
  const flags = ["--user", owner.id, "--org", org.id, "--scopes", operatorScopes];
  return made(await command("org-registry", "create-key", ...flags)).key;
}
