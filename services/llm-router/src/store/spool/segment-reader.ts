import { read } from "node:fs";
import { promisify } from "node:util";
import { decodeFrame, type Frame } from "./frame.ts";

const readAt = promisify(read);
const chunkBytes = 256 * 1024;

export interface FrameBatch {
  readonly frames: readonly Frame[];
  /** Where the next batch begins. */
  readonly nextOffset: number;
  /** The rest of the file is not a whole, intact record: a torn write, or damage. */
  readonly torn: boolean;
}

/** The whole frames of a file from `offset`, up to about 256 KiB of them and never past `limit`. */
export async function readFrames(fd: number, offset: number, limit: number): Promise<FrameBatch> {
  const wanted = Math.min(chunkBytes, limit - offset);
  const buffer = Buffer.allocUnsafe(wanted);
  let filled = 0;
  while (filled < wanted) {
    const { bytesRead } = await readAt(fd, buffer, filled, wanted - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const bytes = buffer.subarray(0, filled);
  const frames: Frame[] = [];
  let position = 0;
  for (;;) {
    const frame = decodeFrame(bytes, position);
    if (typeof frame === "string") {
      // A record never exceeds a chunk: "short" with nothing read, or at the end of the file, means a torn record.
      const isEnd = position === 0 || offset + filled >= limit;
      const torn = frame === "torn" || (isEnd && position < filled);
      return { frames, nextOffset: offset + position, torn };
    }
    frames.push(frame);
    position = frame.end;
  }
}
