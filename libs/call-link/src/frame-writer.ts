import type { Writable } from "node:stream";
import { headerBytes, maxMetadataBytes, type FrameType } from "./frame.ts";

const chunkBytes = 64 * 1024;
/** What is at most gathered for one flush, beside a frame that is larger by itself. */
const maxGatheredBytes = 256 * 1024;
/** A payload up to this is copied next to its header: one buffer less for the kernel costs more than the copy. */
const maxCopiedBytes = 2048;
/** A write that follows another one within this time waits for more frames. */
const gatherMs = 1;
/** The most bytes that UTF-8 needs for one UTF-16 unit. */
const maxBytesPerUnit = 3;

/**
 * Gathers frames and writes them with one system call: at the end of a turn of the event loop, and a millisecond later when
 * the last write is that recent. Under load most frames share a write, for the streams of many calls send theirs in the same
 * moment. A class, because of the half-filled chunk that the next frame goes into.
 */
export class FrameWriter {
  readonly #socket: Writable;
  readonly #onFlushed: () => void;
  #chunk: Buffer = Buffer.allocUnsafe(chunkBytes);
  /** The bytes from `#from` to `#at` of the chunk are not written yet. */
  #from = 0;
  #at = 0;
  /** What goes out before the rest of the chunk. */
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #isScheduled = false;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  readonly #flushGathered = (): void => this.flush();

  /** `onFlushed` is called after everything gathered was handed to the socket. */
  constructor(socket: Writable, onFlushed: () => void) {
    this.#socket = socket;
    this.#onFlushed = onFlushed;
  }

  /** False while bodies should wait: enough is gathered for this turn, or the other side is slow to read. */
  hasRoom(): boolean {
    return !this.#socket.writableNeedDrain && this.#gatheredBytes + this.#at - this.#from < maxGatheredBytes;
  }

  /** Whether all that was given has been handed to the socket. */
  isFlushed(): boolean {
    return !this.#isScheduled;
  }

  /** A frame whose payload is text. Throws RangeError when it is longer than a frame may be. */
  text(type: FrameType, number: number, text: string): void {
    if (this.#isClosed) return;
    const most = text.length * maxBytesPerUnit;
    if (most > maxMetadataBytes && Buffer.byteLength(text) > maxMetadataBytes) {
      throw new RangeError("the call's metadata is too long for a frame");
    }
    this.#reserve(headerBytes + most);
    const length = this.#chunk.write(text, this.#at + headerBytes);
    this.#header(type, number, length);
    this.#at += length;
  }

  /** A frame whose payload is bytes. They are not copied when there are many, so they must not change any more. */
  bytes(type: FrameType, number: number, payload: Buffer): void {
    if (this.#isClosed) return;
    const { length } = payload;
    if (length <= maxCopiedBytes) {
      this.#reserve(headerBytes + length);
      this.#header(type, number, length);
      payload.copy(this.#chunk, this.#at);
      this.#at += length;
      return;
    }
    this.#reserve(headerBytes);
    this.#header(type, number, length);
    this.#gather();
    this.#gathered.push(payload);
    this.#gatheredBytes += length;
  }

  /** A frame whose payload is one 32-bit number. */
  uint32(type: FrameType, number: number, value: number): void {
    if (this.#isClosed) return;
    this.#reserve(headerBytes + 4);
    this.#header(type, number, 4);
    this.#chunk.writeUInt32BE(value, this.#at);
    this.#at += 4;
  }

  /** A frame without a payload. */
  empty(type: FrameType, number: number): void {
    if (this.#isClosed) return;
    this.#reserve(headerBytes);
    this.#header(type, number, 0);
  }

  flush(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    this.#flushedMs = performance.now();
    this.#gather();
    const buffers = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (buffers.length === 1) this.#socket.write(buffers[0]);
    else {
      this.#socket.cork();
      for (const buffer of buffers) this.#socket.write(buffer);
      this.#socket.uncork();
    }
    this.#onFlushed();
  }

  /** Drops what is gathered and takes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#gathered = [];
  }

  #header(type: FrameType, number: number, length: number): void {
    const chunk = this.#chunk;
    const at = this.#at;
    chunk.writeUInt32BE(length * 256 + type, at);
    chunk.writeUInt32BE(number, at + 4);
    this.#at = at + headerBytes;
    if (!this.#isScheduled) this.#schedule();
  }

  #schedule(): void {
    this.#isScheduled = true;
    if (performance.now() - this.#flushedMs < gatherMs) setTimeout(this.#flushGathered, gatherMs);
    else setImmediate(this.#flushGathered);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#chunk.length) return;
    this.#gather();
    this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, bytes));
    this.#from = 0;
    this.#at = 0;
  }

  /** Moves the filled part of the chunk to what goes out; the rest of it stays in use. */
  #gather(): void {
    if (this.#at === this.#from) return;
    this.#gathered.push(this.#chunk.subarray(this.#from, this.#at));
    this.#gatheredBytes += this.#at - this.#from;
    this.#from = this.#at;
  }
}
