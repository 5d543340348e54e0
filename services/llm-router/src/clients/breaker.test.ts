import { afterEach, describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { configSchema } from "../config.ts";
import { type Breaker, type BreakerState, createBreaker } from "./breaker.ts";

/** opossum settles in microtasks. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The default share of failures at which a router's breakers open. */
const shippedErrorPercent = configSchema.shape.BREAKER_ERROR_PERCENT.parse(undefined);

const open: Breaker[] = [];
afterEach(() => {
  for (const breaker of open.splice(0)) breaker.close();
});

interface BreakerUnderTest {
  readonly breaker: Breaker;
  /** Every state that it has come into, in order. */
  readonly states: BreakerState[];
  readonly record: (succeeded: boolean, times: number) => Promise<void>;
}

/** Once open it stays so, unless a test says that its trial comes soon. */
function breakerUnderTest({
  errorThresholdPercent = shippedErrorPercent,
  resetMs = 3_600_000,
  trial = async () => true,
  onOpen = () => undefined,
}: {
  readonly errorThresholdPercent?: number;
  readonly resetMs?: number;
  readonly trial?: () => Promise<boolean>;
  readonly onOpen?: (reopensInMs: number) => void;
} = {}): BreakerUnderTest {
  const states: BreakerState[] = [];
  const breaker: Breaker = createBreaker({
    name: "test",
    volumeThreshold: 4,
    errorThresholdPercent,
    windowMs: 600_000,
    resetMs,
    trialDeadlineMs: 50,
    trial,
    onState: (state) => {
      states.push(state);
      if (state === "open") onOpen(breaker.reopensInMs());
    },
  });
  open.push(breaker);
  return {
    breaker,
    states,
    async record(succeeded, times) {
      for (let i = 0; i < times; i++) breaker.record(succeeded, breaker.generation());
      await settled();
    },
  };
}

const comesTo = (states: readonly BreakerState[], expected: readonly BreakerState[]): Promise<void> =>
  eventually(() => expect(states.slice(0, expected.length)).toEqual(expected), { intervalMs: 5 });

describe("a breaker", () => {
  test("stays closed while half of its calls fail, and opens when one more does", async () => {
    const { breaker, record } = breakerUnderTest();
    await record(true, 10);
    await record(false, 10);
    expect(breaker.state()).toBe("closed");
    await record(false, 1);
    expect(breaker.state()).toBe("open");
    expect(breaker.reopensInMs()).toBeGreaterThan(0);
  });

  test("opens at the share of failures that it was made with", async () => {
    const { breaker, record } = breakerUnderTest({ errorThresholdPercent: 25 });
    await record(true, 9);
    await record(false, 3);
    expect(breaker.state()).toBe("closed");
    await record(false, 1);
    expect(breaker.state()).toBe("open");
  });

  test("needs enough results before it opens", async () => {
    const { breaker, record } = breakerUnderTest();
    await record(false, 3);
    expect(breaker.state()).toBe("closed");
    await record(false, 1);
    expect(breaker.state()).toBe("open");
  });

  test("closes after a trial of its own that succeeds", async () => {
    const { record, states } = breakerUnderTest({ resetMs: 20 });
    await record(false, 4);
    await comesTo(states, ["open", "half_open", "closed"]);
  });

  test("stays open when its trial fails or hangs, and tries again later each time", async () => {
    const waits: number[] = [];
    const answers = [async () => false, () => new Promise<boolean>(() => undefined), async () => true];
    let trials = 0;
    const { record, states } = breakerUnderTest({
      resetMs: 20,
      trial: () => answers[trials++]!(),
      onOpen: (reopensInMs) => waits.push(reopensInMs),
    });
    await record(false, 4);
    await comesTo(states, ["open", "half_open", "open", "half_open", "open", "half_open", "closed"]);
    expect(waits).toHaveLength(3);
    expect(waits.at(-1)).toBeGreaterThan(40);
  });

  test("a result of a call from before it opened changes nothing afterwards", async () => {
    const { breaker, record, states } = breakerUnderTest({ resetMs: 20 });
    const early = breaker.generation();
    await record(false, 4);
    await comesTo(states, ["open", "half_open", "closed"]);
    for (let i = 0; i < 10; i++) breaker.record(false, early);
    await settled();
    expect(breaker.state()).toBe("closed");
  });
});
