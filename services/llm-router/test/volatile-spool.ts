import { randomUUID } from "node:crypto";
import { type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import type { RunningSpool } from "../src/app.ts";
import type { DurableSpoolDeps } from "../src/store/spool/durable-spool.ts";

/** What the router must not be: usage is published after the answer and remembered nowhere. A chaos test must notice it. */
export async function openVolatileSpool({ publish }: DurableSpoolDeps): Promise<RunningSpool> {
  let openCalls = 0;
  const forget = (): void => undefined;
  const publishOne = (usage: UsageConsumed): Promise<void> => {
    const { finishedAt: time, traceparent } = usage;
    return publish({
      id: randomUUID(),
      events: [{ id: usageIdOf(usage), time, traceparent, json: JSON.stringify(usage) }],
    });
  };
  return {
    recovered: { interruptedCalls: 0, tornBytes: 0 },
    begin() {
      openCalls += 1;
      return {
        durable: async () => undefined,
        markBegun: forget,
        async finish(usage) {
          openCalls -= 1;
          publishOne(usage).catch(forget);
        },
      };
    },
    async record(usage) {
      publishOne(usage).catch(forget);
      return true;
    },
    stats: () => ({ bytes: 0, segments: 0, openCalls, healthy: true }),
    stop: async () => undefined,
  };
}
