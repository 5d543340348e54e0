import { crc32 } from "node:zlib";

/** A frame: payload length (u32), CRC-32 of kind and payload (u32), kind (u8), payload (UTF-8). Little-endian. */
export interface Frame {
  readonly kind: number;
  readonly payload: string;
  /** Offset of the byte after this frame, in the buffer it was read from. */
  readonly end: number;
}

const headerBytes = 9;
export const maxPayloadBytes = 64 * 1024;

export function encodeFrame(kind: number, payload: string): Buffer {
  const payloadBytes = Buffer.byteLength(payload);
  if (payloadBytes > maxPayloadBytes) throw new RangeError(`a spool record of ${payloadBytes} bytes is too long`);
  const frame = Buffer.allocUnsafe(headerBytes + payloadBytes);
  frame.writeUInt32LE(payloadBytes, 0);
  frame[8] = kind;
  frame.write(payload, headerBytes, "utf8");
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4);
  return frame;
}

/** "torn": no whole, intact frame can begin here. "short": more bytes are needed to tell. */
export function decodeFrame(bytes: Buffer, offset: number): Frame | "short" | "torn" {
  if (bytes.length - offset < headerBytes) return "short";
  const payloadBytes = bytes.readUInt32LE(offset);
  if (payloadBytes > maxPayloadBytes) return "torn";
  const end = offset + headerBytes + payloadBytes;
  if (end > bytes.length) return "short";
  if (crc32(bytes.subarray(offset + 8, end)) !== bytes.readUInt32LE(offset + 4)) return "torn";
  return { kind: bytes[offset + 8]!, payload: bytes.toString("utf8", offset + headerBytes, end), end };
}
