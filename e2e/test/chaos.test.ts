import { afterEach, describe, expect, test } from "@jest/globals";
import { holdAgainstLedger, runChaos, type Findings } from "../support/chaos.ts";
import { adminQuery } from "../support/ledger.ts";
import { startPlatform, victims, type Platform } from "../support/platform.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));
const note = `replay with SEED=${seed}`;

let platform: Platform;

afterEach(async () => {
  await platform.stop();
}, 60_000);

const count = (found: Findings): number => Object.values(found).flat().length;

const largeOrg = { plan: "enterprise", seats: 2_000 } as const;

describe(`metering under kill -9 (${note})`, () => {
  test("every answer that a client got is in the ledger exactly once, and counters equal the ledger", async () => {
    platform = await startPlatform({
      gateways: 2,
      fastProviders: true,
      settings: { quota: { GATEWAY_TIMEOUT_MS: "3000" } },
    });
    const { ownerKey } = await platform.newOrg(largeOrg);
    const history = await runChaos(platform, { seed, durationMs: 30_000, clients: 12, keys: [ownerKey], victims });

    const complete = history.observations.filter((one) => one.complete).length;
    const broken = history.observations.filter((one) => one.contentEvents > 0 && !one.complete).length;
    expect(Math.min(...Object.values(history.kills))).toBeGreaterThan(0);
    expect(complete).toBeGreaterThan(100);
    // The run must have cut live streams, or it proved nothing.
    expect(broken).toBeGreaterThan(0);

    expect(await holdAgainstLedger(platform, history)).toEqual({
      completeWithoutOneRow: [],
      deliveredWithoutRow: [],
      chargedTwice: [],
      violations: [],
    });
  }, 180_000);

  test("the same check fails when the router keeps no spool", async () => {
    platform = await startPlatform({ fastProviders: true, withoutSpool: true });
    const { ownerKey } = await platform.newOrg(largeOrg);
    const history = await runChaos(platform, {
      seed,
      durationMs: 8_000,
      clients: 12,
      keys: [ownerKey],
      victims: ["llm-router"],
    });
    const found = await holdAgainstLedger(platform, history, 5_000);
    expect(count(found)).toBeGreaterThan(0);
  }, 120_000);

  test("the same check fails when the ledger's insert is not idempotent", async () => {
    platform = await startPlatform({ fastProviders: true });
    const { ownerKey } = await platform.newOrg(largeOrg);
    await adminQuery(platform, "alter table ledger drop constraint ledger_pkey");
    const history = await runChaos(platform, {
      seed,
      durationMs: 5_000,
      clients: 8,
      keys: [ownerKey],
      victims: ["quota"],
    });
    const found = await holdAgainstLedger(platform, history, 5_000);
    expect(count(found)).toBeGreaterThan(0);
  }, 120_000);
});
