import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { compareEntitlements, compareLimits } from "@topdog/contracts/rpc/compare-snapshots";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import type { Bus } from "../src/connect.ts";
import { answerComparison, createReconciliation, type Snapshot } from "../src/reconcile.ts";

let nats: TestNats;
let billing: Bus;
/** What two services keep, by owner. */
const kept = { quota: new Map<string, number>(), "org-registry": new Map<string, number>() };
let answering: { stop(): Promise<void> }[];
beforeAll(async () => {
  nats = await testNats();
  const [quota, registry] = await Promise.all([nats.busOf("quota"), nats.busOf("org-registry")]);
  billing = await nats.busOf("billing");
  const versionsOf = (versions: ReadonlyMap<string, number>) => async (keys: readonly string[]) =>
    keys.flatMap((key) => (versions.has(key) ? [{ key, version: versions.get(key) as number }] : []));
  answering = [
    answerComparison(compareLimits, { bus: quota, logger: silentLogger(), versionsOf: versionsOf(kept.quota) }),
    answerComparison(compareEntitlements, {
      bus: registry,
      logger: silentLogger(),
      versionsOf: versionsOf(kept["org-registry"]),
    }),
  ];
  await Promise.all([quota.nc.flush(), registry.nc.flush()]);
});
afterAll(async () => {
  await Promise.all(answering.map((one) => one.stop()));
  await nats.stop();
});

test("what a keeper lacks or has an older version of is announced again, by every page of a walk; what is on its way is not", async () => {
  const count = 1_200;
  const all: Snapshot[] = Array.from({ length: count }, (_, index) => ({
    key: `user:${String(index).padStart(5, "0")}`,
    version: 3,
  }));
  for (const { key, version } of all) for (const versions of Object.values(kept)) versions.set(key, version);
  kept.quota.delete("user:00007");
  kept["org-registry"].set("user:01100", 2);
  kept.quota.set("user:00600", 4);
  // Its event arrives while the walk looks twice.
  kept.quota.delete("user:00008");
  const announced: string[] = [];
  const walked: [string, number][] = [];
  const reconciliation = createReconciliation({
    bus: billing,
    logger: silentLogger(),
    keepers: [
      { name: "quota", rpc: compareLimits },
      { name: "org-registry", rpc: compareEntitlements },
    ],
    page: async (after, limit) => all.filter(({ key }) => key > after).slice(0, limit),
    republish: async (snapshots) => {
      for (const { key, version } of snapshots) {
        announced.push(key);
        for (const versions of Object.values(kept)) versions.set(key, Math.max(version, versions.get(key) ?? 0));
      }
    },
    onWalked: (keeper, lacking) => walked.push([keeper, lacking]),
    onItsWayMs: 150,
  });
  setTimeout(() => kept.quota.set("user:00008", 3), 50);
  const never = new AbortController().signal;
  await reconciliation.run(never);
  expect(announced).toEqual(["user:00007", "user:01100"]);
  expect(walked).toEqual([
    ["quota", 1],
    ["org-registry", 1],
  ]);
  await reconciliation.run(never);
  expect(announced).toHaveLength(2);
  expect(walked.slice(2)).toEqual([
    ["quota", 0],
    ["org-registry", 0],
  ]);
});
