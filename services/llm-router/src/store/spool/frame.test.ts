import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { decodeFrame, encodeFrame } from "./frame.ts";

const kinds = fc.integer({ min: 0, max: 255 });
const payloads = fc.string({ unit: "grapheme", maxLength: 200, size: "max" });

function withBitFlipped(bytes: Buffer, bit: number): Buffer {
  const damaged = Buffer.from(bytes);
  const index = Math.floor(bit / 8);
  damaged[index] = (damaged[index] ?? 0) ^ (1 << (bit % 8));
  return damaged;
}

describe("a frame", () => {
  test("is read back as it was written, wherever it begins", () => {
    fc.assert(
      fc.property(kinds, payloads, fc.nat({ max: 20 }), (kind, payload, offset) => {
        const frame = encodeFrame(kind, payload);
        const bytes = Buffer.concat([Buffer.alloc(offset), frame]);
        expect(decodeFrame(bytes, offset)).toEqual({ kind, payload, end: offset + frame.length });
      }),
    );
  });

  test("with any one bit flipped is not believed: not its length, its checksum, its kind or its payload", () => {
    const frame = encodeFrame(1, JSON.stringify({ requestId: "req_1", outcome: "ok" }));
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      expect(typeof decodeFrame(withBitFlipped(frame, bit), 0)).toBe("string");
    }
  });

  test("that is cut at any byte is short, never a record", () => {
    const frame = encodeFrame(2, "a payload");
    for (let cut = 0; cut < frame.length; cut += 1) expect(decodeFrame(frame.subarray(0, cut), 0)).toBe("short");
  });
});
