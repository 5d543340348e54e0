import { describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { configSchema } from "../config.ts";
import { type Breaker, type BreakerState, createBreaker } from "./breaker.ts";

/** opossum settles in a microtask. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The share that a router opens at when its configuration says nothing else. */
const shippedErrorPercent = configSchema.shape.BREAKER_ERROR_PERCENT.parse(undefined);

function breakerUnderTest(errorThresholdPercent = shippedErrorPercent): { breaker: Breaker; states: BreakerState[] } {
  const states: BreakerState[] = [];
  const breaker = createBreaker({
    name: "test",
    volumeThreshold: 4,
    errorThresholdPercent,
    windowMs: 10_000,
    resetMs: 300,
    trialDeadlineMs: 300,
    onState: (state) => states.push(state),
  });
  return { breaker, states };
}

async function open(breaker: Breaker): Promise<void> {
  for (let i = 0; i < 4; i++) breaker.admit()!.fail();
  await settled();
  expect(breaker.state()).toBe("open");
}

const inState = (breaker: Breaker, state: BreakerState): Promise<void> =>
  eventually(() => expect(breaker.state()).toBe(state), { intervalMs: 5 });

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
    const { breaker } = breakerUnderTest(25);
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
    const { breaker, states } = breakerUnderTest();
    await open(breaker);
    await inState(breaker, "half_open");
    expect(breaker.awaitsTrial()).toBe(true);
    const trial = breaker.admit();
    expect(breaker.admit()).toBeNull();
    trial!.succeed();
    await settled();
    expect(states).toEqual(["open", "half_open", "closed"]);
    breaker.close();
  });

  test("a trial that hangs has failed at its deadline: the circuit is not stuck", async () => {
    const { breaker } = breakerUnderTest();
    await open(breaker);
    await inState(breaker, "half_open");
    breaker.admit();
    expect(breaker.admit()).toBeNull();
    await inState(breaker, "open");
    await eventually(() => expect(breaker.admit()).not.toBeNull());
    breaker.close();
  });

  test("a trial whose caller goes away neither closes nor blocks it", async () => {
    const { breaker } = breakerUnderTest();
    await open(breaker);
    await inState(breaker, "half_open");
    breaker.admit()!.abandon();
    await settled();
    expect(breaker.state()).toBe("open");
    await inState(breaker, "half_open");
    expect(breaker.awaitsTrial()).toBe(true);
    breaker.close();
  });

  test("a late success of a call from before it opened does not close it", async () => {
    const { breaker } = breakerUnderTest();
    const early = breaker.admit()!;
    await open(breaker);
    await inState(breaker, "half_open");
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
