import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { frameTypes, LinkProtocolError, maxDataFrameBytes, maxHandshakeBytes, maxMetadataBytes } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";

interface Frame {
  readonly type: number;
  readonly number: number;
  readonly payload: Buffer;
}

function frameOf({ type, number, payload }: Frame): Buffer {
  const header = Buffer.alloc(8);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header.writeUInt32BE(number, 4);
  return Buffer.concat([header, payload]);
}

/** Cuts bytes at the given places, which are taken modulo what is left. */
function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = Math.max(1, sizes[index % sizes.length] as number);
    found.push(bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}

/** Pieces of one data frame are joined, for how many there are depends on the cuts. */
function read(chunks: readonly Buffer[], isAuthenticated: boolean): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader({
    onFrame: (type, number, payload) => frames.push({ type, number, payload: Buffer.from(payload) }),
    onData(number, bytes) {
      expect(bytes.length).toBeGreaterThan(0);
      frames.push({ type: frameTypes.data, number, payload: Buffer.from(bytes) });
    },
  });
  if (isAuthenticated) reader.authenticated();
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

function joinedData(frames: readonly Frame[]): string[] {
  const joined: { key: string; parts: Buffer[] }[] = [];
  for (const { type, number, payload } of frames) {
    const key = `${type} ${number}`;
    const last = joined.at(-1);
    if (type === frameTypes.data && last?.key === key) last.parts.push(payload);
    else joined.push({ key, parts: [payload] });
  }
  return joined.map(({ key, parts }) => `${key} ${Buffer.concat(parts).toString("hex")}`);
}

const anyFrame: fc.Arbitrary<Frame> = fc.record({
  type: fc.integer({ min: 1, max: 12 }),
  number: fc.integer({ min: 0, max: 0xffff_ffff }),
  payload: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

test("frames are read the same wherever the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 30, size: "max" }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20, size: "max" }),
      (frames, sizes) => {
        const found = read(pieces(Buffer.concat(frames.map(frameOf)), sizes), true);
        expect(joinedData(found)).toEqual(joinedData(frames));
      },
    ),
    { numRuns: 300 },
  );
});

test("whatever bytes come, the worst is a LinkProtocolError", () => {
  const header = fc
    .tuple(fc.integer({ min: 0, max: 0xff_ffff }), fc.integer({ min: 0, max: 255 }), fc.nat())
    .map(([length, type, number]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUIntBE(length, 0, 3);
      bytes[3] = type;
      bytes.writeUInt32BE(number, 4);
      return bytes;
    });
  const noise = fc.array(
    fc.oneof(
      header,
      fc.uint8Array({ maxLength: 100 }).map((one) => Buffer.from(one)),
    ),
    { maxLength: 30, size: "max" },
  );
  fc.assert(
    fc.property(noise, fc.boolean(), (chunks, isAuthenticated) => {
      try {
        read(chunks, isAuthenticated);
      } catch (error) {
        expect(error).toBeInstanceOf(LinkProtocolError);
      }
    }),
    { numRuns: 500 },
  );
});

test("before the proof nothing but a short hello and proof is taken", () => {
  for (const type of Object.values(frameTypes)) {
    const frame = frameOf({ type, number: 1, payload: Buffer.alloc(4) });
    if (type === frameTypes.hello || type === frameTypes.proof) expect(read([frame], false)).toHaveLength(1);
    else expect(() => read([frame], false)).toThrow(LinkProtocolError);
  }
  const long = frameOf({ type: frameTypes.hello, number: 0, payload: Buffer.alloc(maxHandshakeBytes + 1) });
  expect(() => read([long], false)).toThrow(LinkProtocolError);
});

test("a payload beyond its bound is refused by its header alone", () => {
  for (const [type, most] of [
    [frameTypes.data, maxDataFrameBytes],
    [frameTypes.open, maxMetadataBytes],
  ] as const) {
    const frame = frameOf({ type, number: 1, payload: Buffer.alloc(most + 1) });
    expect(() => read([frame.subarray(0, 8)], true)).toThrow(LinkProtocolError);
  }
});
