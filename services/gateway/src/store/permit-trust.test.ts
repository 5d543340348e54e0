import { expect, test } from "@jest/globals";
import { newPermitEntry } from "./permit-entry.ts";
import { createPermitTrust } from "./permit-trust.ts";

/** A gateway that quota heard at 0, and whose second hand moves with its clock. */
function heardAtZero() {
  const now = { ms: 0, isAway: false };
  const trust = createPermitTrust(
    () => now.ms,
    () => now.isAway,
  );
  const entry = { ...newPermitEntry("user:ann"), held: 1, confirmedMs: 0 };
  trust.noteHeard(0);
  const pass = (ms: number): void => {
    for (const endMs = now.ms + ms; now.ms < endMs;) {
      now.ms += 1_000;
      trust.noteAlive();
    }
  };
  return { now, trust, entry, pass };
}

test("what is held is used without asking while quota heard of it lately; after that only while quota answers nobody", () => {
  const { now, trust, entry, pass } = heardAtZero();
  pass(3_000);
  expect(trust.isSound(entry)).toBe(true);
  pass(2_000);
  expect(trust.isSound(entry)).toBe(false);
  now.isAway = true;
  expect(trust.isSound(entry)).toBe(true);
});

test("a process that stood still asks first, also when quota was away before: others may have what it held", () => {
  const { now, trust, entry } = heardAtZero();
  now.isAway = true;
  now.ms += 10_000;
  expect(trust.isSound(entry)).toBe(false);
  expect(trust.isOurs(entry)).toBe(false);
  trust.noteHeard(now.ms);
  expect(trust.isSound({ ...entry, confirmedMs: now.ms })).toBe(true);
});
