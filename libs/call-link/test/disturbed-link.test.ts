import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import fc from "fast-check";
import type { IncomingCall } from "../src/call.ts";
import { ask, ok, opened, report, startLinks, startServer, type Answer, type Asked } from "./link-rig.ts";
import { startTcpProxy } from "@topdog/testing/tcp-proxy";

interface Step {
  readonly bodyBytes: number;
  /** Sizes of the pieces of the answer. */
  readonly pieces: readonly number[];
  readonly isCut: boolean;
  readonly cancelAfterBytes: number | null;
  /** The reader stops after each piece for so many turns. */
  readonly slowTurns: number;
}

interface Disturbance {
  readonly kind: "cut" | "hold" | "drain" | "none";
  readonly afterBytes: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  bodyBytes: fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 400_000 })),
  pieces: fc.array(fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 200_000 })), { maxLength: 6 }),
  isCut: fc.boolean(),
  cancelAfterBytes: fc.option(fc.nat({ max: 100_000 }), { freq: 3 }),
  slowTurns: fc.constantFrom(0, 0, 1, 5),
});
const disturbance: fc.Arbitrary<Disturbance> = fc.record({
  kind: fc.constantFrom("cut", "hold", "drain", "none"),
  afterBytes: fc.nat({ max: 1_000_000 }),
});

const answerOf = ({ pieces }: Step): Buffer =>
  Buffer.concat(pieces.map((size, index) => Buffer.alloc(size, index + 1)));

/** Answers piece by piece, as fast as the reader lets it. */
function answer(call: IncomingCall, { pieces, isCut }: Step): void {
  let next = 0;
  const outcome = report({ promptTokens: call.opened.body.length });
  const go = (): void => {
    while (next < pieces.length) {
      const piece = Buffer.alloc(pieces[next] as number, next + 1);
      next += 1;
      if (!call.write(piece)) return;
    }
    if (isCut) call.cut(outcome);
    else call.end(outcome);
  };
  call.onGone(() => call.end({ ...outcome, outcome: "client_closed" }));
  call.onDrain(go);
  call.head(ok());
  go();
}

function start(links: ReturnType<typeof startLinks>, one: Step, index: number): Asked {
  const call = opened(Buffer.alloc(one.bodyBytes, 9), { path: `/${index}` });
  const asked: Asked = ask(links, call, () => {
    if (one.cancelAfterBytes !== null && asked.received() >= one.cancelAfterBytes) asked.pending.cancel();
    if (one.slowTurns === 0) return true;
    void sleep(one.slowTurns).then(() => asked.pending.resume());
    return false;
  });
  return asked;
}

/** Every call ended as its script and the disturbance allow. */
function endedRightly(one: Step, { body, report: end, failure }: Answer, { kind }: Disturbance): void {
  const whole = answerOf(one);
  expect(body.equals(whole.subarray(0, body.length))).toBe(true);
  // A call that was cancelled meanwhile gets the report, and not the rest of the answer.
  const wasCancelled = one.cancelAfterBytes !== null && body.length >= one.cancelAfterBytes;
  if (end?.outcome === "ok" && !wasCancelled) expect([body.length, one.isCut]).toEqual([whole.length, false]);
  if (failure === null) return;
  if (failure.reason === "cut") expect(one.isCut).toBe(true);
  else if (failure.reason === "cancelled") expect(wasCancelled).toBe(true);
  else expect(kind).not.toBe("none");
}

async function runHistory(steps: readonly Step[], disturbed: Disturbance): Promise<void> {
  const runs = new Map<string, number>();
  const onCall = (call: IncomingCall): void => {
    const { path, body } = call.opened;
    runs.set(path, (runs.get(path) ?? 0) + 1);
    const one = steps[Number(path.slice(1))] as Step;
    expect(body.equals(Buffer.alloc(one.bodyBytes, 9))).toBe(true);
    answer(call, one);
  };
  const servers = [await startServer(onCall), await startServer(onCall)] as const;
  const between = await startTcpProxy(servers[0].port);
  const links = startLinks([between.port, servers[1].port]);
  try {
    await eventually(() => expect(links.counts().ready).toBe(2));
    if (disturbed.kind === "cut") between.cutAfter(disturbed.afterBytes);
    const asked = steps.map((one, index) => start(links, one, index));
    if (disturbed.kind === "hold") {
      between.hold(true);
      await sleep(5);
      between.hold(false);
    }
    if (disturbed.kind === "drain") await servers[0].stop(20_000);
    const answers = await Promise.all(asked.map((one) => one.answer));
    answers.forEach((one, index) => endedRightly(steps[index] as Step, one, disturbed));
    for (const count of runs.values()) expect(count).toBe(1);
    await eventually(() => expect(servers.map((server) => server.calls())).toEqual([0, 0]));
    for (const { faults } of servers) expect(faults.filter(({ name }) => name === "LinkProtocolError")).toEqual([]);
  } finally {
    links.stop();
    await between.stop();
    await Promise.all(servers.map((server) => server.stop(0)));
  }
}

test("whatever is cut, held up, cancelled or slow: each call runs once, ends once, and no byte is another's", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25, size: "max" }), disturbance, runHistory),
    { numRuns: 60 },
  );
});
