import type { QuotaStore } from "../store/quota-store.ts";

const daysAhead = 7;

/** The ledger's partitions of today and the days to come. Rows of a day without one go to the default partition and stay there. */
export const makePartitions = (store: Pick<QuotaStore, "ensurePartitions">): Promise<number> =>
  store.ensurePartitions(daysAhead);
