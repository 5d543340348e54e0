import { setTimeout as sleep } from "node:timers/promises";
import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { awaitCopies, busServers, streamsOf } from "./bus-state.ts";
import type { Scenario } from "./scenario.ts";

const silenceMaxMs = 10_000;
/** What the last loss does to calls shows in this time. */
const afterwardsMs = 5_000;
const watched = usageConsumed.subject;

/**
 * Servers are deleted with all that they stored: each time the one that leads the stream of usage, at once and then by its turn. Gateways
 * that lose their connection refuse whom they do not know for a moment; the rehearsal's know nobody for longer than 50 ms.
 */
export const busScenario: Scenario = {
  lane: "alone",
  name: "nats-r3: the bus loses the server that leads the stream of usage, twice",
  busServers,
  expected: "three copies of each stream again after each loss, calls served all the while",
  run: async (platform, load) => {
    const bus = { ...platform, servers: busServers };
    await awaitCopies(bus);
    const fromMs = Date.now();
    for (const how of [["--grace-period=0", "--force"], []]) {
      const leader = (await streamsOf(bus)).find(({ subjects }) => subjects.includes(watched))?.leader ?? "";
      await platform.kube.kubectl(["delete", "pod", leader, ...how]);
      await awaitCopies(bus);
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
