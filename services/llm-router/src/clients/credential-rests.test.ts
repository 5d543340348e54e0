import { expect, test } from "@jest/globals";
import { createCredentialRests } from "./credential-rests.ts";

function restsUnderTest(maxRests = 10) {
  const clock = { nowMs: 1000 };
  return { clock, rests: createCredentialRests({ maxRests, nowMs: () => clock.nowMs }) };
}

test("a credential rests for one model, or for all, until its time is over; no other one does", () => {
  const { clock, rests } = restsUnderTest();
  rests.add("byok:1", "m", { kind: "rate_limited", untilMs: 2000 });
  rests.add("byok:2", null, { kind: "credential", untilMs: 3000 });
  expect(rests.find("byok:1", "m")).toMatchObject({ kind: "rate_limited" });
  expect(rests.find("byok:1", "other")).toBeNull();
  expect(rests.find("byok:2", "m")).toMatchObject({ kind: "credential" });
  expect(rests.find("platform:x", "m")).toBeNull();
  clock.nowMs = 2000;
  expect(rests.find("byok:1", "m")).toBeNull();
});

test("a shorter wait does not shorten a longer one", () => {
  const { rests } = restsUnderTest();
  rests.add("a", "m", { kind: "rate_limited", untilMs: 5000 });
  rests.add("a", "m", { kind: "rate_limited", untilMs: 2000 });
  expect(rests.find("a", "m")?.untilMs).toBe(5000);
});

test("however many credentials rest, only so many are remembered, the latest ones", () => {
  const { rests } = restsUnderTest(100);
  for (let i = 0; i < 10_000; i++) rests.add(`byok:${i}`, "m", { kind: "rate_limited", untilMs: 5000 });
  const known = Array.from({ length: 10_000 }, (_, i) => rests.find(`byok:${i}`, "m")).filter((one) => one !== null);
  expect(known).toHaveLength(100);
  expect(rests.find("byok:9999", "m")).not.toBeNull();
});
