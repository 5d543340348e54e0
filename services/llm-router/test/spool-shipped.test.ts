import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { readGiven } from "../src/store/spool/shipped-segments.ts";
import { type SpoolRig, spoolRig } from "./spool-rig.ts";
import { usageOf } from "./usage-samples.ts";

const graceMs = 60_000;

let rig: SpoolRig;
beforeEach(() => {
  rig = spoolRig();
});
afterEach(() => rig.remove());

test("what was shipped stays readable for its time and within its bytes, and no longer", async () => {
  const clock = { nowMs: Date.parse("2026-11-26T12:00:00Z") };
  const options = { nowMs: () => clock.nowMs, keepShippedMs: 1_000, keepShippedBytes: 1024 * 1024 };
  const first = await rig.open(options);
  await first.record(usageOf(1));
  await first.stop(graceMs);
  const idsSince = async (sinceMs: number): Promise<string[]> => {
    const ids: string[] = [];
    for await (const frames of readGiven(rig.folder, sinceMs))
      for (const { payload } of frames) ids.push(usageIdOf(JSON.parse(payload) as UsageConsumed));
    return ids;
  };
  expect(await idsSince(0)).toEqual(["1:1"]);
  clock.nowMs += 500;
  const second = await rig.open(options);
  await second.record(usageOf(2));
  await second.stop(graceMs);
  expect(await idsSince(0)).toEqual(["1:1", "1:2"]);
  expect(await idsSince(clock.nowMs)).toEqual(["1:2"]);
  clock.nowMs += 600;
  await (await rig.open(options)).stop(graceMs);
  expect(await idsSince(0)).toEqual(["1:2"]);
  await (await rig.open({ ...options, keepShippedBytes: 1 })).stop(graceMs);
  expect(await idsSince(0)).toEqual([]);
});
