import { expect, test } from "@jest/globals";
import { newPermitEntry, type PermitEntry } from "./permit-entry.ts";
import { createPermitTrust } from "./permit-trust.ts";

const now = { ms: 0 };
const trustAt = (ms: number) => {
  now.ms = ms;
  return createPermitTrust(
    () => now.ms,
    () => false,
  );
};
const confirmedAt = (ms: number): PermitEntry => Object.assign(newPermitEntry("user:ann"), { confirmedMs: ms });

test("after a silence the answers of two questions come in any order: what both confirm is ours", () => {
  const trust = trustAt(60_000);
  trust.noteHeard(59_990);
  trust.noteHeard(59_980);
  expect(trust.isSound(confirmedAt(59_980))).toBe(true);
  expect(trust.isSound(confirmedAt(59_990))).toBe(true);
});

test("what was confirmed before a silence may be another's", () => {
  const trust = trustAt(10_000);
  trust.noteHeard(9_990);
  for (now.ms = 10_000; now.ms < 20_000; now.ms += 1_000) trust.noteAlive();
  trust.noteHeard(19_990);
  expect(trust.isSound(confirmedAt(9_990))).toBe(false);
  expect(trust.isSound(confirmedAt(19_990))).toBe(true);
});
