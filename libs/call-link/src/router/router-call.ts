import type { BodyQueue, OutgoingBody } from "../body-queue.ts";
import { outgoingBody } from "../body-queue.ts";
import type { AnswerHead, CallReport, IncomingCall, OpenedCall } from "../call.ts";
import { abortCodes, frameTypes } from "../frame.ts";
import type { FrameWriter } from "../frame-writer.ts";
import { encodeHead, encodeReport } from "../metadata.ts";

/** What a call needs of the connection that it came on. */
export interface CallTransport {
  readonly writer: FrameWriter;
  readonly bodies: BodyQueue;
  /** The last frame of the call was given to the writer. */
  onOver(call: RouterCall): void;
}

const nothing = (): void => undefined;

/** A running call at the router. A class: one object per call, on the hot path. */
export class RouterCall implements IncomingCall {
  readonly number: number;
  readonly opened: OpenedCall;
  readonly body: OutgoingBody;
  readonly #transport: CallTransport;
  #hasHead = false;
  #isGone = false;
  #isLost = false;
  #isOver = false;
  #onGone: () => void = nothing;
  #onDrain: () => void = nothing;

  constructor(number: number, opened: OpenedCall, transport: CallTransport) {
    this.number = number;
    this.opened = opened;
    this.#transport = transport;
    this.body = outgoingBody(number, () => this.#onDrain());
  }

  isGone(): boolean {
    return this.#isGone;
  }

  isLost(): boolean {
    return this.#isLost;
  }

  onGone(act: () => void): void {
    this.#onGone = act;
    if (this.#isGone) act();
  }

  onDrain(act: () => void): void {
    this.#onDrain = act;
  }

  head(head: AnswerHead): void {
    if (this.#isGone || this.#isOver || this.#hasHead) return;
    this.#transport.writer.text(frameTypes.head, this.number, encodeHead(head));
    this.#hasHead = true;
  }

  write(bytes: Buffer): boolean {
    if (this.#isGone || this.#isOver) return true;
    if (!this.#hasHead) throw new Error("the head of an answer comes before its body");
    return this.#transport.bodies.write(this.body, bytes);
  }

  end(report: CallReport): void {
    if (this.#isOver) return;
    if (!this.#hasHead && !this.#isGone) return this.cut(report);
    this.#isOver = true;
    const finish = (): void => {
      this.#transport.writer.text(frameTypes.end, this.number, encodeReport(report));
      this.#transport.onOver(this);
    };
    if (this.body.pending.length === 0) return finish();
    this.body.isHeldBack = true;
    this.body.onDrained = finish;
    // A caller that goes instead of reading the rest still gets the report.
    this.#onGone = finish;
  }

  cut(report: CallReport): void {
    this.#finishWith(abortCodes.cut, Buffer.from(encodeReport(report)));
  }

  refuse(): void {
    if (this.#hasHead) throw new Error("a call that is being answered cannot be refused");
    this.#finishWith(abortCodes.refused, null);
  }

  /** The gateway has given the call up (`cancelled`), or its connection is gone (`lost`). */
  gone(why: "cancelled" | "lost"): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isLost = why === "lost";
    this.#transport.bodies.drop(this.body);
    this.#onGone();
  }

  #finishWith(code: number, payload: Buffer | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#transport.bodies.drop(this.body);
    const bytes = payload === null ? Buffer.of(code) : Buffer.concat([Buffer.of(code), payload]);
    this.#transport.writer.bytes(frameTypes.abort, this.number, bytes);
    this.#transport.onOver(this);
  }
}
