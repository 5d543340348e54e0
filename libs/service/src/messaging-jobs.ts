import { durables } from "@topdog/contracts/topology";
import { forgetOldEvents } from "@topdog/messaging/processed-events";
import { deleteSentEvents } from "@topdog/messaging/relay";
import type { Database } from "@topdog/postgres/pool";
import type { Job } from "./job.ts";

const keepSentMs = 3_600_000;

/** What keeps the tables of messaging small, in every service that stores. */
export const messagingJobs = (db: Database, service: string): Job[] => [
  {
    name: "delete-sent-events",
    intervalMs: 60_000,
    timeoutMs: 20_000,
    owner: "one",
    run: () => deleteSentEvents(db, keepSentMs),
  },
  {
    name: "forget-processed-events",
    intervalMs: 3_600_000,
    timeoutMs: 20_000,
    owner: "one",
    run: async (signal) => {
      for (const durable of durables.filter(({ name }) => name.startsWith(`${service}-on-`))) {
        signal.throwIfAborted();
        await forgetOldEvents(db, durable);
      }
    },
  },
];
