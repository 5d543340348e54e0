import { streams } from "@topdog/contracts/topology";
import type { Cluster } from "./cluster/cluster.ts";
import { type Kube, until } from "./kube.ts";

/** Of a bus that may lose one. */
export const busServers = 3;
const copiesTimeoutMs = 120_000;

export interface BusDeps {
  readonly kube: Kube;
  readonly cluster: Cluster;
  /** How many servers there must be. */
  readonly servers: number;
}

export interface StreamState {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly created: string;
  readonly lastSequence: number;
  /** The name of its pod. */
  readonly leader: string;
  /** Copies that have everything, the leader's among them. */
  readonly current: number;
}

/** Returns when each server has everything of each stream. */
export async function awaitCopies(deps: BusDeps): Promise<void> {
  const fewest = async (): Promise<number> => {
    const found = await streamsOf(deps);
    return Math.min(...streams.map(({ name }) => found.find((one) => one.name === name)?.current ?? 0));
  };
  await until("each server has each stream", fewest, (copies) => copies === deps.servers, {
    timeoutMs: copiesTimeoutMs,
  });
}

interface Monitored {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly created: string;
      readonly state: { readonly last_seq: number };
      readonly config?: { readonly subjects?: readonly string[] };
      readonly cluster?: {
        readonly leader?: string;
        readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[];
      };
    }[];
  }[];
}

/** What the leader of each stream says of it. */
export async function streamsOf({ kube, cluster, servers: wanted }: BusDeps): Promise<StreamState[]> {
  const servers = await runningServers(kube);
  if (servers.length < wanted) return [];
  const answers = await Promise.all(
    servers.map(async ({ name, address }) => {
      const text = await cluster.exec("curl", [
        "-sf",
        "-m",
        "5",
        `http://${address}:8222/jsz?streams=true&config=true`,
      ]);
      const details = (JSON.parse(text) as Monitored).account_details ?? [];
      const led = details.flatMap(({ stream_detail: streams = [] }) => streams);
      return led.filter((stream) => stream.cluster?.leader === name);
    }),
  );
  return answers.flat().map(({ name, created, state, config, cluster: copies }) => ({
    name,
    subjects: config?.subjects ?? [],
    created,
    lastSequence: state.last_seq,
    leader: copies?.leader ?? "",
    current: 1 + (copies?.replicas ?? []).filter((copy) => copy.current && copy.offline !== true).length,
  }));
}

async function runningServers(kube: Kube): Promise<{ name: string; address: string }[]> {
  const path = '{range .items[?(@.status.podIP)]}{.metadata.name} {.status.podIP}{"\\n"}{end}';
  const flags = ["get", "pods", "--selector", "app.kubernetes.io/name=topdog-nats", "--output", `jsonpath=${path}`];
  return (await kube.kubectl(flags))
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([name = "", address = ""]) => ({ name, address }));
}
