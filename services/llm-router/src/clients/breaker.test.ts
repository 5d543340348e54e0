import { describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { configSchema } from "../config.ts";
import { type Breaker, type BreakerState, createBreaker } from "./breaker.ts";

/** opossum settles in a microtask. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The default share of failures at which a router's breakers open. */
const shippedErrorPercent = configSchema.shape.BREAKER_ERROR_PERCENT.parse(undefined);

interface BreakerUnderTest {
  readonly breaker: Breaker;
  /** Every state that it has come into, in order. */
  readonly states: BreakerState[];
}

/** Once open it stays so, unless a test says that it lets a trial through soon. */
function breakerUnderTest({ errorThresholdPercent = shippedErrorPercent, resetMs = 3_600_000 } = {}): BreakerUnderTest {
  const states: BreakerState[] = [];
  const breaker = createBreaker({
    name: "test",
    volumeThreshold: 4,
    errorThresholdPercent,
    windowMs: 600_000,
    resetMs,
    trialDeadlineMs: 50,
    onState: (state) => states.push(state),
  });
  return { breaker, states };
}

/** A breaker that has opened, and lets its one trial through. */
async function halfOpen({ breaker, states }: BreakerUnderTest): Promise<void> {
  for (let i = 0; i < 4; i++) breaker.admit()!.fail();
  await passesThrough(states, ["open", "half_open"]);
}

const passesThrough = (states: readonly BreakerState[], expected: readonly BreakerState[]): Promise<void> =>
  eventually(() => expect(states.slice(0, expected.length)).toEqual(expected), { intervalMs: 5 });

describe("a breaker", () => {
  test("stays closed while half of its calls fail, and opens when one more does", async () => {
    const { breaker } = breakerUnderTest();
    for (let i = 0; i < 10; i++) breaker.admit()!.succeed();
    await settled();
    for (let i = 0; i < 10; i++) breaker.admit()!.fail();
    await settled();
    expect(breaker.state()).toBe("closed");
    breaker.admit()!.fail();
    await settled();
    expect(breaker.state()).toBe("open");
    breaker.close();
  });

  test("opens at the share of failures that it was made with", async () => {
    const { breaker } = breakerUnderTest({ errorThresholdPercent: 25 });
    for (let i = 0; i < 9; i++) breaker.admit()!.succeed();
    await settled();
    for (let i = 0; i < 3; i++) breaker.admit()!.fail();
    await settled();
    expect(breaker.state()).toBe("closed");
    breaker.admit()!.fail();
    await settled();
    expect(breaker.state()).toBe("open");
    breaker.close();
  });

  test("needs enough calls before it opens, and then lets none through", async () => {
    const { breaker } = breakerUnderTest();
    for (let i = 0; i < 3; i++) breaker.admit()!.fail();
    await settled();
    expect(breaker.state()).toBe("closed");
    breaker.admit()!.fail();
    await settled();
    expect(breaker.state()).toBe("open");
    expect(breaker.admit()).toBeNull();
    expect(breaker.reopensInMs()).toBeGreaterThan(0);
    breaker.close();
  });

  test("lets exactly one trial through, and closes when it succeeds", async () => {
    const { breaker, states } = breakerUnderTest({ resetMs: 20 });
    await halfOpen({ breaker, states });
    expect(breaker.awaitsTrial()).toBe(true);
    const trial = breaker.admit();
    expect(breaker.admit()).toBeNull();
    trial!.succeed();
    await settled();
    expect(states).toEqual(["open", "half_open", "closed"]);
    breaker.close();
  });

  test("a trial that hangs fails at its deadline: the breaker is not stuck", async () => {
    const { breaker, states } = breakerUnderTest({ resetMs: 20 });
    await halfOpen({ breaker, states });
    breaker.admit();
    expect(breaker.admit()).toBeNull();
    await passesThrough(states, ["open", "half_open", "open", "half_open"]);
    expect(breaker.admit()).not.toBeNull();
    breaker.close();
  });

  test("a trial whose caller goes away neither closes nor blocks it", async () => {
    const { breaker, states } = breakerUnderTest({ resetMs: 20 });
    await halfOpen({ breaker, states });
    breaker.admit()!.abandon();
    await passesThrough(states, ["open", "half_open", "open", "half_open"]);
    expect(breaker.awaitsTrial()).toBe(true);
    breaker.close();
  });

  test("a late success of a call from before it opened does not close it", async () => {
    const { breaker, states } = breakerUnderTest({ resetMs: 20 });
    const early = breaker.admit()!;
    await halfOpen({ breaker, states });
    early.succeed();
    await settled();
    expect(breaker.state()).toBe("half_open");
    breaker.close();
  });

  test("callers that go away never open it", async () => {
    const { breaker } = breakerUnderTest();
    for (let i = 0; i < 50; i++) breaker.admit()!.abandon();
    await settled();
    expect(breaker.state()).toBe("closed");
    breaker.close();
  });
});
