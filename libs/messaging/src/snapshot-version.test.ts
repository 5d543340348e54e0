import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { judgeSnapshot, type SnapshotVersion } from "./snapshot-version.ts";

type Snapshot = SnapshotVersion & { readonly changedAt: Date };
const slackMs = 300_000;
const startMs = Date.UTC(2026, 10, 22, 10);
const at = (version: number, ms: number): Snapshot => ({ version, changedAt: new Date(ms) });

/** What a consumer holds after a series of deliveries. */
const heldAfter = (deliveries: readonly Snapshot[], nowMs: number, held: Snapshot | null = null): Snapshot | null =>
  deliveries.reduce<Snapshot | null>(
    (stored, one) => (judgeSnapshot(stored, one, nowMs) === "newer" ? one : stored),
    held,
  );

/** A source's true history: versions without gaps, times that rise but for clocks that differ by less than the slack. */
const history = fc
  .array(fc.record({ gapMs: fc.nat(86_400_000), skewMs: fc.integer({ min: 0, max: slackMs - 1 }) }), {
    minLength: 1,
    maxLength: 200,
    size: "max",
  })
  .map((changes) => {
    let ms = startMs;
    return changes.map(({ gapMs, skewMs }, index) => {
      ms += gapMs;
      return at(index + 1, ms + skewMs);
    });
  });
/** Some of a history, in any order and any number of times: retention took the rest. */
const deliveriesOf = (versions: readonly Snapshot[]): fc.Arbitrary<Snapshot[]> =>
  fc.array(fc.constantFrom(...versions), { minLength: 1, maxLength: 300, size: "max" });
const forgery = (untilMs: number): fc.Arbitrary<Snapshot> =>
  fc
    .tuple(
      fc.oneof(
        fc.integer({ min: 1, max: 1_000 }),
        fc.maxSafeNat().map((version) => version + 1),
      ),
      fc.integer({ min: 0, max: untilMs + 10 * slackMs }),
    )
    .map(([version, ms]) => at(version, ms));
const lastMsOf = (versions: readonly Snapshot[]): number => Math.max(...versions.map(({ changedAt }) => +changedAt));

describe("judgeSnapshot", () => {
  test("latestWins: of a true history, however much of it is lost, repeated or out of order, the latest delivered is held", () => {
    const scenario = history.chain((versions) => fc.tuple(fc.constant(versions), deliveriesOf(versions)));
    fc.assert(
      fc.property(scenario, ([versions, deliveries]) => {
        const held = heldAfter(deliveries, lastMsOf(versions));
        expect(held?.version).toBe(Math.max(...deliveries.map(({ version }) => version)));
      }),
    );
  });

  test("falseVersionsExpire: whatever false versions came, a true change ten minutes later is held again", () => {
    const scenario = history.chain((versions) =>
      fc.tuple(
        fc.constant(versions),
        fc.array(fc.oneof(fc.constantFrom(...versions), forgery(lastMsOf(versions))), { maxLength: 100, size: "max" }),
      ),
    );
    fc.assert(
      fc.property(scenario, ([versions, deliveries]) => {
        const nowMs = lastMsOf(versions);
        const next = at(versions.length + 1, nowMs + 2 * slackMs + 1);
        const held = heldAfter(deliveries, nowMs);
        expect(heldAfter([next], +next.changedAt, held)).toEqual(next);
      }),
    );
  });

  test("noLeap: a version higher than one change per millisecond since the stored one allows is impossible", () => {
    const cases = fc.record({
      stored: fc.nat(1_000_000),
      elapsedMs: fc.nat(400 * 86_400_000),
      beyond: fc.integer({ min: 1, max: 2 ** 52 }),
    });
    fc.assert(
      fc.property(cases, ({ stored, elapsedMs, beyond }) => {
        const reachable = stored + elapsedMs + 2 * slackMs;
        const incoming = (version: number): Snapshot => at(version, startMs + elapsedMs);
        const nowMs = startMs + elapsedMs;
        expect(judgeSnapshot(at(stored, startMs), incoming(reachable), nowMs)).toBe("newer");
        expect(judgeSnapshot(at(stored, startMs), incoming(reachable + beyond), nowMs)).toBe("impossible");
      }),
    );
  });

  test("the largest version is impossible for an owner of whom nothing is known, and so is a time in the future", () => {
    expect(judgeSnapshot(null, at(Number.MAX_SAFE_INTEGER, startMs), startMs)).toBe("impossible");
    expect(judgeSnapshot(null, at(1, startMs + slackMs + 1), startMs)).toBe("impossible");
    expect(judgeSnapshot(null, { version: 1, changedAt: new Date(Number.NaN) }, startMs)).toBe("impossible");
    expect(judgeSnapshot(null, at(40_000, startMs), startMs)).toBe("newer");
  });

  test("a source that was restored from a backup is believed again", () => {
    expect(judgeSnapshot(at(9, startMs), at(6, startMs + slackMs + 1), startMs + slackMs)).toBe("newer");
    expect(judgeSnapshot({ version: 9, changedAt: null }, at(6, startMs), startMs)).toBe("not_newer");
  });
});
