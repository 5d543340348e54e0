import type { DurableDeclaration } from "@topdog/contracts/topology";
import type { Bus } from "@topdog/messaging/connect";
import { eventually, type EventuallyOptions } from "./eventually.ts";

/** Messages that a durable has yet to hand out, or that nobody has acknowledged. */
async function unconsumed(bus: Bus, { stream, name, subject }: DurableDeclaration): Promise<number> {
  const state = await bus.jsm.consumers.info(stream, name);
  const last = await bus.jsm.streams.getMessage(stream, { last_by_subj: subject });
  // For a moment after a publish the durable's figures do not count the new message yet.
  const isUnseen = last !== null && state.delivered.stream_seq < last.seq;
  return state.num_pending + state.num_ack_pending + (isUnseen ? 1 : 0);
}

/** Resolves when everything that was published before has been worked off. */
export async function untilConsumed(bus: Bus, durable: DurableDeclaration, options?: EventuallyOptions): Promise<void> {
  await eventually(async () => {
    const left = await unconsumed(bus, durable);
    if (left > 0) throw new Error(`${durable.name} has ${left} messages left`);
  }, options);
}
