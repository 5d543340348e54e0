import { expect, test } from "@jest/globals";
import { createAdmissionQueue, type WaitingCall } from "./admission-queue.ts";
import { createLeaseBook, type Slot } from "./lease-book.ts";

const book = createLeaseBook({ maxSlots: 10, onEvicted: () => undefined });
const [own, pool] = [book.slot("user:a", "api_calls"), book.slot("org:o", "api_calls")];

/** Calls that note the order in which they were asked, and wait on where they are told to. */
function callsWaitingAt(next: (name: string) => Slot | null): { asked: string[]; call: (name: string) => WaitingCall } {
  const asked: string[] = [];
  const call = (name: string): WaitingCall => ({
    retry: () => {
      asked.push(name);
      return next(name);
    },
  });
  return { asked, call };
}

test("calls try again in the order in which they came, and those that still lack a token keep their order", () => {
  const queue = createAdmissionQueue();
  const served = new Set<string>();
  const { asked, call } = callsWaitingAt((name) => (served.has(name) ? null : own));
  for (const name of ["first", "second", "third"]) queue.join(call(name), own);
  served.add("second");
  queue.retryAt(own, () => undefined);
  expect([asked, queue.waitingAt(own)]).toEqual([["first", "second", "third"], 2]);
  queue.retryAt(own, () => undefined);
  expect(asked.slice(3)).toEqual(["first", "third"]);
});

test("a call that goes on to another bucket waits there, and that bucket is reported", () => {
  const queue = createAdmissionQueue();
  const { call } = callsWaitingAt(() => pool);
  queue.join(call("only"), own);
  const moved: Slot[] = [];
  queue.retryAt(own, (slot) => moved.push(slot));
  expect([queue.waitingAt(own), queue.waitingAt(pool), moved]).toEqual([0, 1, [pool]]);
});

test("a call that gave up is not asked again", () => {
  const queue = createAdmissionQueue();
  const { asked, call } = callsWaitingAt(() => null);
  const gone = call("gone");
  queue.join(gone, own);
  queue.leave(gone, own);
  queue.retryAt(own, () => undefined);
  expect([asked, queue.waitingAt(own)]).toEqual([[], 0]);
});
