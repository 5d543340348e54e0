import type { DatabaseOptions } from "@topdog/postgres/pool";

/**
 * Every statement here touches few rows by a key, of tables that grow from nothing within a day. A plan that was cached, or
 * made from statistics of an hour ago, would read a whole day's ledger for each batch; so plans that scan are switched off, and
 * so are bitmaps, which read all that matches before the first row, however few are asked for.
 */
const keyLookupsOnly = {
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
};

/** For the pool of the service. */
export const poolOptions = (maxConnections: number): Partial<DatabaseOptions> => ({
  maxConnections,
  settings: keyLookupsOnly,
});
