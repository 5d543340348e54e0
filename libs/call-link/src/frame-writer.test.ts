import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { frameTypes } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";

const oneByte = Buffer.of(1);

function rig() {
  const writes: number[] = [];
  let onFlush = (): void => undefined;
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.length);
      done();
    },
  });
  const writer = new FrameWriter(socket, () => onFlush());
  return {
    writes,
    send: () => writer.bytes(frameTypes.data, 1, oneByte),
    flushed: () =>
      new Promise<void>((resolve) => {
        onFlush = resolve;
      }),
  };
}

test("frames after a silence leave together, in the turn of the event loop that they were given in", async () => {
  const { writes, send } = rig();
  send();
  send();
  await nextTurn();
  expect(writes).toEqual([18]);
});

test("frames that follow a write closely share the next one, though they come in many turns, and leave by themselves", async () => {
  const { writes, send, flushed } = rig();
  // Turns take longer than a millisecond on a machine that is busy: the guarantee is about some round, not about each.
  for (let round = 0; round < 1_000 && !writes.includes(27); round += 1) {
    send();
    await flushed();
    const next = flushed();
    for (let turn = 0; turn < 3; turn += 1) {
      send();
      await nextTurn();
    }
    await next;
  }
  expect(writes).toContain(27);
});
