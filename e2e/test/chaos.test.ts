import { afterEach, describe, expect, test } from "@jest/globals";
import { type ChaosRun, holdAgainstLedger, runChaos } from "../support/chaos.ts";
import { until } from "../support/eventually.ts";
import type { Observation } from "../support/load.ts";
import { adminQuery } from "../support/ledger.ts";
import { startPlatform, victims, type Platform } from "../support/platform.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));
const note = `replay with SEED=${seed}`;

let platform: Platform;

afterEach(async () => {
  await platform.stop();
});

/** A run that has cut no live stream proves nothing. */
function hasProofs(seen: readonly Observation[]): boolean {
  const complete = seen.filter((one) => one.complete).length;
  return complete > 100 && seen.some((one) => one.contentEvents > 0 && !one.complete);
}

/** What is wrong shows after a kill at the right moment: as many runs as it takes, in the time that a test has. */
const failsSoon = (platform: Platform, run: Omit<ChaosRun, "seed">): Promise<unknown> =>
  until(
    "the check fails",
    async () => holdAgainstLedger(platform, await runChaos(platform, { ...run, seed }), 5_000),
    (found) => Object.values(found).flat().length > 0,
  );

const largeOrg = { plan: "enterprise", seats: 2_000 } as const;

/** One for each six clients: so many concurrent requests a seat-holder has. */
async function keysOfLargeOrgs(): Promise<string[]> {
  const orgs = await Promise.all([1, 2].map(() => platform.newOrg(largeOrg)));
  return orgs.map(({ ownerKey }) => ownerKey);
}

describe(`metering under kill -9 (${note})`, () => {
  test("every answer that a client got is in the ledger exactly once, and counters equal the ledger", async () => {
    platform = await startPlatform({
      gateways: 2,
      fastProviders: true,
      settings: { quota: { GATEWAY_TIMEOUT_MS: "3000" } },
    });
    const keys = await keysOfLargeOrgs();
    const load = { durationMs: 30_000, clients: 12, keys, isEnough: hasProofs };
    const history = await runChaos(platform, { ...load, seed, victims });
    expect(Math.min(...Object.values(history.kills))).toBeGreaterThan(0);

    expect(await holdAgainstLedger(platform, history)).toEqual({
      completeWithoutOneRow: [],
      deliveredWithoutRow: [],
      chargedTwice: [],
      violations: [],
    });
  }, 300_000);

  test("the same check fails when the router keeps no spool", async () => {
    platform = await startPlatform({ fastProviders: true, withoutSpool: true });
    const keys = await keysOfLargeOrgs();
    await failsSoon(platform, { durationMs: 4_000, clients: 12, keys, victims: ["llm-router"] });
  });

  test("the same check fails when the ledger takes a charge twice", async () => {
    platform = await startPlatform({ fastProviders: true });
    const keys = await keysOfLargeOrgs();
    await adminQuery(platform, "alter table ledger drop constraint ledger_pkey");
    await adminQuery(
      platform,
      "create function again() returns trigger language plpgsql as 'begin insert into ledger select new.*; return null; end'",
    );
    await adminQuery(
      platform,
      "create trigger again after insert on ledger for each row when (pg_trigger_depth() = 0) execute function again()",
    );
    await failsSoon(platform, { durationMs: 4_000, clients: 8, keys, victims: ["quota"] });
  });
});
