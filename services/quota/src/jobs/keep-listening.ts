import type { Job } from "@topdog/service/job";
import type { QuotaStore } from "../store/quota-store.ts";
import type { Listening } from "../usecases/listening.ts";

/** Confirms that the database can be reached and goes on: while that is not known, a gateway's silence proves nothing. */
export const keepListeningJob = (store: Pick<QuotaStore, "readClock">, listening: Listening): Job => ({
  name: "keep-listening",
  intervalMs: 1_000,
  timeoutMs: 5_000,
  owner: "each",
  run: async () => {
    listening.confirmed(await store.readClock());
  },
});
