import { durables } from "@topdog/contracts/topology";
import { forgetOldEvents } from "@topdog/messaging/processed-events";
import type { Database } from "@topdog/postgres/pool";
import type { Job } from "@topdog/service/job";

/** Every replica may: a row is deleted once. */
export const forgetHandledEvents = (db: Database): Job => ({
  name: "forget-handled-events",
  intervalMs: 3_600_000,
  timeoutMs: 20_000,
  owner: "each",
  async run(signal) {
    for (const durable of durables.filter(({ service }) => service === "llm-router")) {
      signal.throwIfAborted();
      await forgetOldEvents(db, durable);
    }
  },
});
