import { setTimeout as sleep } from "node:timers/promises";
import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { streams } from "@topdog/contracts/topology";
import { type Kube, until } from "./kube.ts";
import type { RehearsedPlatform } from "./platform.ts";
import type { Scenario } from "./scenario.ts";

const busServers = 3;
const copiesTimeoutMs = 120_000;
const silenceMaxMs = 10_000;
/** What the last loss does to calls shows in this time. */
const afterwardsMs = 5_000;
const watched = usageConsumed.subject;

/**
 * Servers are deleted with all that they stored: each time the one that leads the stream of usage, at once and then by its turn. Gateways
 * that lose their connection refuse whom they do not know for a moment; the rehearsal's know nobody for longer than 5 ms.
 */
export const busScenario: Scenario = {
  lane: "alone",
  name: "nats-r3: the bus loses the server that leads the stream of usage, twice",
  busServers,
  expected: "three copies of each stream again after each loss, calls served all the while",
  run: async (platform, load) => {
    await awaitCopies(platform);
    const fromMs = Date.now();
    for (const how of [["--grace-period=0", "--force"], []]) {
      const leader = (await streamsOf(platform)).find(({ subjects }) => subjects.includes(watched))?.leader ?? "";
      await platform.kube.kubectl(["delete", "pod", leader, ...how]);
      await awaitCopies(platform);
    }
    await sleep(afterwardsMs);
    await load.pause();
    const silenceMs = longestSilenceMs(load.endsOfServed(), fromMs, Date.now());
    load.resume();
    const calls = silenceMs <= silenceMaxMs ? "calls served all the while" : `no call served for ${silenceMs} ms`;
    return `three copies of each stream again after each loss, ${calls}`;
  },
};

function longestSilenceMs(served: readonly number[], fromMs: number, untilMs: number): number {
  const during = served.filter((atMs) => atMs > fromMs && atMs < untilMs);
  const times = [fromMs, ...during.toSorted((one, other) => one - other), untilMs];
  return Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? fromMs)));
}

/** Returns when each server has everything of each stream. */
async function awaitCopies(platform: RehearsedPlatform): Promise<void> {
  const fewest = async (): Promise<number> => {
    const found = await streamsOf(platform);
    return Math.min(...streams.map(({ name }) => found.find((one) => one.name === name)?.current ?? 0));
  };
  await until("each server has each stream", fewest, (copies) => copies === busServers, {
    timeoutMs: copiesTimeoutMs,
  });
}

interface StreamState {
  readonly name: string;
  readonly subjects: readonly string[];
  /** The name of its pod. */
  readonly leader: string;
  /** Copies that have everything, the leader's among them. */
  readonly current: number;
}

interface Monitored {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly config?: { readonly subjects?: readonly string[] };
      readonly cluster?: {
        readonly leader?: string;
        readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[];
      };
    }[];
  }[];
}

/** What the leader of each stream says of it. */
async function streamsOf({ kube, cluster }: RehearsedPlatform): Promise<StreamState[]> {
  const servers = await runningServers(kube);
  if (servers.length < busServers) return [];
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
  return answers.flat().map(({ name, config, cluster: state }) => ({
    name,
    subjects: config?.subjects ?? [],
    leader: state?.leader ?? "",
    current: 1 + (state?.replicas ?? []).filter((copy) => copy.current && copy.offline !== true).length,
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
