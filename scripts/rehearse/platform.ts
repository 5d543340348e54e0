import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ServiceName, serviceNames } from "@topdog/contracts/services";
import { twinPriceVariables } from "@topdog/contracts/stripe-prices";
import { createSecrets } from "../topdog/create-secrets.ts";
import { startArgo } from "./argo.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { imageTag } from "./images/images.ts";
import { createPrometheus, prometheusUrl, type RehearsalPrometheus } from "./prometheus.ts";
import { chartOf, createKube, type Kube, namespace, until } from "./kube.ts";
import { followRollouts, type Rollouts } from "./rollouts.ts";
import { createCaller, createOperator, type DatabaseUrl, made, type Operator } from "./operator.ts";

export interface RehearsedPlatform {
  readonly kube: Kube;
  readonly rollouts: Rollouts;
  readonly cluster: Cluster;
  readonly root: string;
  readonly gatewayUrl: string;
  readonly databaseUrl: DatabaseUrl;
  readonly key: string;
  /** Somebody without a subscription. */
  readonly buyer: Buyer;
  readonly releases: Releases;
  readonly prometheus: RehearsalPrometheus;
}

export interface Buyer {
  readonly email: string;
  readonly password: string;
}

/** The releases of the umbrella: Helm makes one at a time. */
export interface Releases {
  /** From the next release on, the charts of this tree. */
  useChartsOf(root: string): void;
  /** On top of what was set before, these values of one service. */
  ship(service: ServiceName, values: Readonly<Record<string, string>>): Promise<void>;
  /** Undoes with `work`, then Helm agrees: the service's values are those before its last release. Until then no other ships. */
  takeBack(service: ServiceName, work: () => Promise<void>): Promise<void>;
}

const startTimeoutMs = 240_000;
const pageTimeoutMs = 10_000;

/** Small and quick: windows of seconds, and pods that a small machine can carry. */
const rehearsalValues = (servicesTag: string, busServers: number): object => ({
  global: { imageTag: servicesTag, monitoringFrom: [{ ipBlock: { cidr: "10.41.0.0/16" } }] },
  nats: { image: { tag: imageTag }, replicas: busServers },
  postgres: { image: { tag: imageTag } },
  standIns: { sandboxProvider: { replicas: 2, config: { TTFT_MS: "20", TOKEN_INTERVAL_MS: "3" } } },
  ...Object.fromEntries(serviceNames.map((name) => [name, serviceValues(name, servicesTag === imageTag)])),
});

/** Earlier charts know nothing of evaluators. */
function serviceValues(name: ServiceName, evaluators: boolean): object {
  const config: Partial<Record<ServiceName, object>> = {
    gateway: { PRINCIPAL_TTL_MS: 50 },
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
      ...(name === "llm-router" && evaluators ? { evaluators } : {}),
    },
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
    shutdownGraceSeconds: 10,
    drainSeconds: 2,
    ...(name === "gateway" ? { routerGroups: { canaryPercent: 30 } } : {}),
  };
}

export interface InstallOptions {
  readonly root: string;
  /** The tree and the images of what is installed: this one's, or an earlier one's for an upgrade. */
  readonly installed: { readonly root: string; readonly tag: string };
  readonly busServers: number;
  readonly log: (line: string) => void;
}

/**
 * Installs the real charts: first in a cluster without any CRD, as somebody does who tries the platform, then with the real controllers
 * beside them. Makes an org that the load calls as.
 */
export async function installPlatform(
  cluster: Cluster,
  { root, installed, busServers, log }: InstallOptions,
): Promise<RehearsedPlatform> {
  const kube = createKube(cluster);
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
  const releases = createReleases(cluster, kube, installed.root, rehearsalValues(installed.tag, busServers));
  await releases.ship("billing", { "config.STRIPE_API_URL": "http://stripe-twin:8093" });
  log("helm install returned, without a CRD in the cluster");
  await kube.kubectl(["wait", "--for=condition=Available", "deployment", "--all", "--timeout=110s"]);
  await kube.helm(["test", "topdog", "--timeout", "2m"]);
  log("every service is ready, and helm test passed");
  await startArgo(cluster, kube);
  const rollouts = followRollouts(cluster);
  const prometheus = createPrometheus(cluster, root);
  await prometheus.start();
  await releases.ship("billing", {});
  log("helm upgrade returned: from here on Argo Rollouts ships");
  for (const name of serviceNames) {
    await until(
      `the Rollout ${name} is healthy`,
      async () => rollouts.status(name),
      ({ phase }) => phase === "Healthy",
      {
        timeoutMs: startTimeoutMs,
      },
    );
  }
  log("every service is healthy");
  const operator = await createOperator({ cluster, kube, root: installed.root, secrets });
  const key = await createCaller(operator);
  const buyer = await createBuyer(operator, join(cluster.places.run, "demo-keys.json"));
  const gatewayUrl = `http://${await kube.addressOf("gateway")}:8080`;
  await until(
    "the gateway's image serves the pages",
    () => contentTypeOf(cluster, `${gatewayUrl}/pricing`),
    (type) => type.startsWith("text/html"),
    { timeoutMs: pageTimeoutMs },
  );
  return {
    kube,
    rollouts,
    cluster,
    root,
    gatewayUrl,
    databaseUrl: operator.databaseUrl,
    key,
    buyer,
    releases,
    prometheus,
  };
}

/** Asked inside the cluster's network: its addresses are nobody's outside. */
const contentTypeOf = (cluster: Cluster, url: string): Promise<string> =>
  cluster.exec("curl", ["-s", "-o", "/dev/null", "-w", "%{content_type}", url]);

const secret = (name: string, stringData: Readonly<Record<string, string>>): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name },
  stringData,
});

/** Values accumulate, as they do in a team's own file: what one release set, the next one keeps. */
function createReleases(cluster: Cluster, kube: Kube, firstRoot: string, values: object): Releases {
  let root = firstRoot;
  const file = join(cluster.places.run, "values.json");
  writeFileSync(file, JSON.stringify(values));
  const set = new Map<ServiceName, Values>();
  const before = new Map<ServiceName, Values>();
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const apply = async (service: ServiceName, own: Values): Promise<void> => {
    const wanted = new Map(set).set(service, own);
    const flags = [...wanted].flatMap(([name, values]) => Object.entries(values).flatMap(flagOf(name)));
    // After an undo kubectl owns the template: Helm takes it back.
    const values = ["--values", join(chartOf(root), "values-evaluation.yaml"), "--values", file, ...flags];
    // The first release was held against the API's description; some thirty more would each take a quarter of their time for it.
    if (set.size > 0) values.push("--disable-openapi-validation");
    await kube.helm(["upgrade", "--install", "topdog", chartOf(root), "--force-conflicts", ...values]);
    set.set(service, own);
  };
  return {
    useChartsOf: (other) => {
      root = other;
    },
    ship: (service, values) =>
      inTurn(async () => {
        const had = set.get(service) ?? {};
        await apply(service, { ...had, ...values });
        before.set(service, had);
      }),
    takeBack: (service, work) =>
      inTurn(async () => {
        await work();
        await apply(service, before.get(service) ?? {});
      }),
  };
}
type Values = Readonly<Record<string, string>>;

const flagOf =
  (service: ServiceName) =>
  ([name, value]: readonly [string, string]): string[] => [
    /^-?\d+$/.test(value) && name !== "release" ? "--set" : "--set-string",
    `${service}.${name}=${value.replaceAll(",", String.raw`\,`)}`,
  ];

/** The demo's person, who can sign in. */
async function createBuyer({ command }: Operator, stateFile: string): Promise<Buyer> {
  const { password = "" } = made(await command("org-registry", "seed-demo", "--state-file", stateFile));
  return { email: demoEmail, password };
}
const demoEmail = "demo@topdog.example";
