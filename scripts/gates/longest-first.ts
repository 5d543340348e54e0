import { statSync } from "node:fs";
import { join } from "node:path";

/** Each takes longer than its size tells. Begun last, it would run alone at the end, while the other cores rest. */
export const longest = [
  "e2e/test/web.test.ts",
  "e2e/test/away.test.ts",
  "e2e/test/runbooks.test.ts",
  "e2e/test/fleet.test.ts",
  "e2e/test/routers.test.ts",
  "e2e/test/chaos.test.ts",
  "e2e/test/npm-start.test.ts",
  "e2e/test/public-api.test.ts",
  "e2e/test/sdks.test.ts",
  "proofs/test/simulation.test.ts",
  "services/llm-router/test/kill.test.ts",
  "scripts/topdog/topdog.test.ts",
  "services/llm-router/test/sandbox.test.ts",
  "libs/messaging/test/consume.test.ts",
  "services/quota/test/flat-in-keys.test.ts",
  "services/quota/test/jobs.test.ts",
  "proofs/test/billing-crashes.test.ts",
  "libs/messaging/test/cluster.test.ts",
  "scripts/charts/charts.test.ts",
  "proofs/test/stores-agree.test.ts",
  "libs/messaging/test/outage.test.ts",
  "libs/call-link/test/disturbed-link.test.ts",
  "services/llm-router/test/providers.test.ts",
  "services/llm-router/test/spool-command.test.ts",
  "libs/testing/test/engines.test.ts",
  "services/org-registry/test/process.test.ts",
  "services/billing/test/process.test.ts",
  "services/quota/test/process.test.ts",
];

const root = join(import.meta.dirname, "../..");
const places = new Map(longest.map((path, index) => [join(root, path), index]));
const placeOf = (path: string): number => places.get(path) ?? longest.length;

/** Jest's own order is by what a cache of earlier runs knows, and a fresh clone has none. */
export default class LongestFirst {
  sort<T extends { readonly path: string }>(tests: readonly T[]): T[] {
    const weighed = tests.map((test) => ({ test, place: placeOf(test.path), bytes: statSync(test.path).size }));
    return weighed.toSorted((a, b) => a.place - b.place || b.bytes - a.bytes).map(({ test }) => test);
  }

  cacheResults(): void {
    // Nothing is learned: the list above is.
  }
}
