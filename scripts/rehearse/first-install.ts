import { join } from "node:path";
import { serviceNames } from "@topdog/contracts/services";
import { startArgo } from "./argo.ts";
import { awaitCopies, busServers, type StreamState, streamsOf } from "./bus-state.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { chartOf, createKube, type Kube, until } from "./kube.ts";
import { createCaller, createOperator } from "./operator.ts";
import { model, prepareProduction, replicas, writeProductionValues } from "./production.ts";

const readyTimeoutMs = 240_000;

/** Brings its own installation, of which nothing is there before. */
export interface FirstInstall {
  readonly name: string;
  readonly expected: string;
  run(cluster: Cluster, root: string): Promise<string>;
}

interface Engine {
  readonly name: string;
  readonly namespace: string;
  readonly prepare: (cluster: Cluster, kube: Kube) => Promise<void>;
  /** How Helm waits for the pods. */
  readonly wait: string;
}

/** Production as the charts' README says, on disks; then every pod of it is deleted at once, the database's and the bus's too. */
const firstInstall = ({ name, namespace, prepare, wait }: Engine): FirstInstall => ({
  name: `first-install: production ${name}, and a restart of every pod`,
  expected:
    "one server of the bus refused, calls in the ledger: 1; after the restart streams lost: 0, calls in the ledger: 2",
  run: async (cluster, root) => {
    const kube = createKube(cluster, namespace);
    const bus = { kube, cluster, servers: busServers };
    await prepare(cluster, kube);
    const secrets = await prepareProduction({ kube, cluster, root, namespace });
    const values = writeProductionValues({ cluster, namespace });
    const install = (...flags: string[]): Promise<string> =>
      kube.helm(["install", "topdog", chartOf(root), "--values", values, wait, "--timeout", "4m", ...flags]);
    const weak = await install("--set", "nats.replicas=1").then(
      () => "taken",
      (error: Error) => (error.message.includes("nats.oneServerIsAccepted") ? "refused" : error.message),
    );
    await install();
    await awaitReady(kube);
    const key = await createCaller(await createOperator({ cluster, kube, root, secrets }));
    const calls = async (): Promise<number> => {
      const url = `http://${await kube.addressOf("gateway")}:8080`;
      const flags = [join(root, "scripts/release.ts"), "billed-call", "--base-url", url, "--model", model];
      const said = await cluster.exec("env", [`SMOKE_API_KEY=${key}`, process.execPath, ...flags]);
      return Number(/\((\d+) calls/.exec(said)?.[1]);
    };
    const before = await calls();
    await awaitCopies(bus);
    const streams = await streamsOf(bus);
    await kube.kubectl(["delete", "pod", "--all"]);
    await awaitReady(kube);
    await awaitCopies(bus);
    const lost = lostStreams(streams, await streamsOf(bus));
    const after = await calls();
    await kube.kubectl(["delete", "namespace", namespace, "--wait=false"]);
    return `one server of the bus ${weak}, calls in the ledger: ${before}; after the restart streams lost: ${lost}, calls in the ledger: ${after}`;
  },
});

/** Each service has its pods, all of them ready, and the chart's own checks pass. */
async function awaitReady(kube: Kube): Promise<void> {
  const selector = `app.kubernetes.io/name in (${serviceNames.join(",")})`;
  const path = String.raw`{range .items[*]}{.metadata.labels.app\.kubernetes\.io/name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`;
  const pods = async (): Promise<readonly string[]> =>
    (await kube.kubectl(["get", "pods", "--selector", selector, "--output", `jsonpath=${path}`])).split("\n");
  const areReady = (lines: readonly string[]): boolean =>
    serviceNames.every((name) => lines.filter((line) => line === `${name} True`).length >= replicas);
  await until("every service has its pods", pods, areReady, { timeoutMs: readyTimeoutMs });
  await kube.helm(["test", "topdog", "--timeout", "2m"]);
}

/** Streams that are gone, were made anew, or went back. */
const lostStreams = (before: readonly StreamState[], now: readonly StreamState[]): number =>
  before.filter(({ name, created, lastSequence }) => {
    const same = now.find((one) => one.name === name && one.created === created);
    return same === undefined || same.lastSequence < lastSequence;
  }).length;

/** In this order: the second one brings Argo Rollouts to the cluster. */
export const firstInstalls: readonly FirstInstall[] = [
  firstInstall({
    name: "without Argo Rollouts",
    namespace: "first-install-plain",
    prepare: () => Promise.resolve(),
    wait: "--wait",
  }),
  firstInstall({
    name: "with Argo Rollouts",
    namespace: "first-install-argo",
    prepare: startArgo,
    // Helm does not know Rollouts: its newer way to wait never ends with them.
    wait: "--wait=legacy",
  }),
];
