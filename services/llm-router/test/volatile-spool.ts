import type { RunningSpool } from "../src/app.ts";
import type { DurableSpoolDeps } from "../src/store/spool/durable-spool.ts";

/** What the router must not be: usage is published after the answer and remembered nowhere. A chaos test must notice it. */
export async function openVolatileSpool({ publish }: DurableSpoolDeps): Promise<RunningSpool> {
  let openCalls = 0;
  const forget = (): void => undefined;
  return {
    recovered: { interruptedCalls: 0, tornBytes: 0 },
    begin() {
      openCalls += 1;
      return {
        durable: async () => undefined,
        markBegun: forget,
        async finish(usage) {
          openCalls -= 1;
          publish(usage).catch(forget);
        },
      };
    },
    async record(usage) {
      publish(usage).catch(forget);
      return true;
    },
    stats: () => ({ bytes: 0, segments: 0, openCalls, healthy: true }),
    stop: async () => undefined,
  };
}
