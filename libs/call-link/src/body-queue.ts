import { frameTypes, sentDataFrameBytes, windowBytes } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";

const maxCredit = 0x7fff_ffff;

/** The bytes of one call that are still to be sent. */
export interface OutgoingBody {
  readonly number: number;
  /** Bytes that the receiver has room for. */
  credit: number;
  /** Buffers that wait for credit or for the socket; the first one from `offset` on. */
  pending: Buffer[];
  offset: number;
  isQueued: boolean;
  /** Called once when everything pending has been written, after a `write` that returned false. */
  onDrained: (() => void) | null;
  isHeldBack: boolean;
}

export const outgoingBody = (number: number, onDrained: OutgoingBody["onDrained"] = null): OutgoingBody => ({
  number,
  credit: windowBytes,
  pending: [],
  offset: 0,
  isQueued: false,
  onDrained,
  isHeldBack: false,
});

/**
 * Sends the bodies of all calls of one connection: each only as far as its receiver granted, all only as far as the socket
 * takes them, and long ones piece by piece in turn, so that none holds up the others.
 */
export class BodyQueue {
  readonly #writer: FrameWriter;
  #queue: OutgoingBody[] = [];

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** False when not all could be sent yet: the rest is kept by reference, and nothing more should be given. */
  write(body: OutgoingBody, bytes: Buffer): boolean {
    const { length } = bytes;
    if (length === 0) return body.pending.length === 0;
    const isIdle = body.pending.length === 0;
    if (isIdle && length <= sentDataFrameBytes && length <= body.credit && this.#writer.hasRoom()) {
      body.credit -= length;
      this.#writer.bytes(frameTypes.data, body.number, bytes);
      return true;
    }
    body.pending.push(bytes);
    this.#enqueue(body);
    this.pump();
    if (body.pending.length === 0) return true;
    body.isHeldBack = true;
    return false;
  }

  /** Returns false when the receiver grants more than any body may have. */
  grant(body: OutgoingBody, bytes: number): boolean {
    body.credit += bytes;
    if (body.credit > maxCredit) return false;
    if (body.pending.length > 0) {
      this.#enqueue(body);
      this.pump();
    }
    return true;
  }

  /** Forgets what is pending. */
  drop(body: OutgoingBody): void {
    body.pending = [];
    body.onDrained = null;
    if (body.isQueued) this.#queue = this.#queue.filter((one) => one !== body);
    body.isQueued = false;
  }

  /** Sends on until the socket is full or nothing may be sent. */
  pump(): void {
    while (this.#queue.length > 0 && this.#writer.hasRoom()) {
      const body = this.#queue.shift() as OutgoingBody;
      this.#sendPiece(body);
      body.isQueued = body.pending.length > 0 && body.credit > 0;
      if (body.isQueued) this.#queue.push(body);
      else if (body.pending.length === 0 && body.isHeldBack) {
        body.isHeldBack = false;
        body.onDrained?.();
      }
    }
  }

  #enqueue(body: OutgoingBody): void {
    if (body.isQueued || body.credit === 0) return;
    body.isQueued = true;
    this.#queue.push(body);
  }

  #sendPiece(body: OutgoingBody): void {
    const first = body.pending[0] as Buffer;
    const length = Math.min(first.length - body.offset, sentDataFrameBytes, body.credit);
    const end = body.offset + length;
    this.#writer.bytes(frameTypes.data, body.number, first.subarray(body.offset, end));
    body.credit -= length;
    body.offset = end;
    if (end < first.length) return;
    body.pending.shift();
    body.offset = 0;
  }
}
