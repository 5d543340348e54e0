import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { seed } from "@topdog/testing/seed";
import { type Callers, judge, newCallers, runChaos } from "../support/chaos.ts";
import { allReady, type Fault, killOf, makeFault, shuffled } from "../support/chaos-faults.ts";
import { until } from "../support/eventually.ts";
import { type Findings, holdAgainstLedger, nothingWrong } from "../support/findings.ts";
import { adminQuery } from "../support/ledger.ts";
import type { Observation } from "../support/load.ts";
import { startPlatform, victims, type Platform } from "../support/platform.ts";
import { seededRandom } from "../support/random.ts";

/** Half of what a longer run has: enough to have calls under way whenever something breaks. */
const clients = 6;
const bounds = { mostMs: 1_200, leastFreezeMs: 500, mostFreezeMs: 2_000 };

let platform: Platform;
let callers: Callers;
beforeAll(async () => {
  platform = await startPlatform({
    gateways: 2,
    fastProviders: true,
    ownDisk: true,
    settings: { quota: { GATEWAY_TIMEOUT_MS: "3000" } },
  });
  callers = await newCallers(platform, { free: 2, orgs: 2 });
}, 180_000);
afterAll(async () => {
  await platform.stop();
}, 60_000);

/** A run that has cut no live stream proves nothing. */
function hasProofs(seen: readonly Observation[]): boolean {
  const complete = seen.filter((one) => one.complete).length;
  return complete > 100 && seen.some((one) => one.contentEvents > 0 && !one.complete);
}

/** Each process and each engine dies once, and everything else happens once, in a seeded order. */
function oneOfEach(): Fault[] {
  const random = seededRandom(seed + 2);
  const others = ["freeze", "bus cut", "read-only", "deploy", "restore", "clock"] as const;
  const kinds = platform.disk === null ? others : [...others, "full disk" as const];
  return shuffled(
    [
      ...victims.map((victim) => killOf(platform, victim, 50 + random() * 300)),
      ...kinds.map((kind) => makeFault(kind, platform, random, bounds)),
    ],
    random,
  );
}

/** What is wrong shows after a kill at the right moment: as many as it takes, in the time that a test has. */
const failsSoon = (fault: () => Fault, isSeen: (found: Findings) => boolean): Promise<unknown> =>
  until(
    "the check fails",
    async () => {
      const run = { seed, callers, clients, faults: [fault(), fault()], restMs: 200 };
      return holdAgainstLedger(platform, await runChaos(platform, run), 2_000);
    },
    isSeen,
  );

describe(`metering while things break, one after the other (replay with SEED=${seed})`, () => {
  test("every answer that a client got is in the ledger exactly once, under its own caller's day; nothing is oversold, and the indicator says so", async () => {
    const broken: string[] = [];
    const history = await runChaos(platform, {
      seed,
      callers,
      clients,
      faults: oneOfEach(),
      restMs: 150,
      onFault: ({ name }) => broken.push(name),
      proof: { isEnough: hasProofs, fault: killOf(platform, "llm-router", 50) },
    });
    const verdict = await judge(platform, callers, history);
    expect({ broken, verdict }).toEqual({ broken, verdict: { ...nothingWrong, oversold: [], indicator: [] } });
  }, 300_000);

  test("the same check fails when the router's spool is lost with it", async () => {
    const fault: Fault = {
      name: "kill -9 llm-router and its spool",
      run: async () => {
        await platform.kill9("llm-router");
        for (const dir of platform.spoolDirs) await rm(dir, { recursive: true });
        await platform.restart("llm-router");
      },
    };
    await failsSoon(
      () => fault,
      ({ completeWithoutOneRow, deliveredWithoutRow }) => [...completeWithoutOneRow, ...deliveredWithoutRow].length > 0,
    );
    await allReady(platform, 60_000);
  });

  test("the same check fails when the ledger takes a charge twice", async () => {
    await adminQuery(platform, "alter table ledger drop constraint ledger_pkey");
    await adminQuery(
      platform,
      "create function again() returns trigger language plpgsql as 'begin insert into ledger select new.*; return null; end'",
    );
    await adminQuery(
      platform,
      "create trigger again after insert on ledger for each row when (pg_trigger_depth() = 0) execute function again()",
    );
    await failsSoon(
      () => killOf(platform, "quota", 100),
      ({ chargedTwice }) => chargedTwice.length > 0,
    );
  });
});
