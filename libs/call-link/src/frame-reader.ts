import {
  frameTypes,
  headerBytes,
  lastFrameType,
  LinkProtocolError,
  maxDataFrameBytes,
  maxHandshakeBytes,
  maxMetadataBytes,
} from "./frame.ts";

export interface FrameSink {
  /** A whole frame of any type but data. */
  onFrame(type: number, number: number, payload: Buffer): void;
  /** Bytes of a data frame, as they come: a frame may be given in several pieces. Never empty. */
  onData(number: number, bytes: Buffer): void;
}

const nothing = Buffer.alloc(0);

/**
 * Splits a byte stream into frames. Bytes that arrived in one piece are passed on without being copied; of an incomplete
 * frame no more is kept than its bounded payload. A class, because it remembers where the last chunk ended.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = Buffer.allocUnsafe(headerBytes);
  #headerHeld = 0;
  #type = 0;
  #number = 0;
  /** The payload of an incomplete frame that is not data. */
  #payload: Buffer | null = null;
  #payloadHeld = 0;
  #dataLeft = 0;
  #isAuthenticated = false;
  #isStopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** From now on frames of calls are accepted. */
  authenticated(): void {
    this.#isAuthenticated = true;
  }

  /** Gives no more frames, not even those of the chunk that is being read. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Throws LinkProtocolError. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#isStopped) {
      if (this.#dataLeft > 0) at = this.#passData(chunk, at);
      else if (this.#payload !== null) at = this.#fillPayload(this.#payload, chunk, at);
      else if (this.#headerHeld === 0 && chunk.length - at >= headerBytes) at = this.#begin(chunk, at, chunk, at);
      else at = this.#fillHeader(chunk, at);
    }
  }

  #fillHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerHeld, at, at + headerBytes - this.#headerHeld);
    this.#headerHeld += taken;
    if (this.#headerHeld < headerBytes) return at + taken;
    this.#headerHeld = 0;
    return this.#begin(this.#header, 0, chunk, at + taken - headerBytes);
  }

  /** Reads the header at `headerAt` of `header`; its payload follows at `at + headerBytes` of `chunk`. */
  #begin(header: Buffer, headerAt: number, chunk: Buffer, at: number): number {
    const length = header.readUIntBE(headerAt, 3);
    this.#type = header[headerAt + 3] as number;
    this.#number = header.readUInt32BE(headerAt + 4);
    const from = at + headerBytes;
    this.#checkLength(length);
    if (this.#type === frameTypes.data) {
      this.#dataLeft = length;
      return from;
    }
    const to = from + length;
    if (to <= chunk.length) {
      this.#sink.onFrame(this.#type, this.#number, length === 0 ? nothing : chunk.subarray(from, to));
      return to;
    }
    this.#payload = Buffer.allocUnsafe(length);
    this.#payloadHeld = 0;
    return from;
  }

  #checkLength(length: number): void {
    const type = this.#type;
    if (type < 1 || type > lastFrameType) throw new LinkProtocolError(`no frame has the type ${type}`);
    if (!this.#isAuthenticated && type > frameTypes.proof) throw new LinkProtocolError("a frame before the proof");
    const most = !this.#isAuthenticated
      ? maxHandshakeBytes
      : type === frameTypes.data
        ? maxDataFrameBytes
        : maxMetadataBytes;
    if (length > most) throw new LinkProtocolError(`a frame of type ${type} has ${length} bytes`);
    if (length === 0 && type === frameTypes.data) throw new LinkProtocolError("a data frame is empty");
  }

  #passData(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + this.#dataLeft);
    this.#dataLeft -= to - at;
    this.#sink.onData(this.#number, at === 0 && to === chunk.length ? chunk : chunk.subarray(at, to));
    return to;
  }

  #fillPayload(payload: Buffer, chunk: Buffer, at: number): number {
    const taken = chunk.copy(payload, this.#payloadHeld, at);
    this.#payloadHeld += taken;
    if (this.#payloadHeld === payload.length) {
      this.#payload = null;
      this.#sink.onFrame(this.#type, this.#number, payload);
    }
    return at + taken;
  }
}
