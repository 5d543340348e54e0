import type { OutgoingBody } from "../body-queue.ts";
import type { AnswerHandler, AnswerHead, CallFailure, CallReport, OpenedCall, PendingCall } from "../call.ts";
import { consume, creditWindow, takeCredit, type CreditWindow } from "../credit-window.ts";
import { LinkProtocolError } from "../frame.ts";

/** What a call needs of the connection that carries it. */
export interface CallCarrier {
  grant(call: GatewayCall, bytes: number): void;
  cancel(call: GatewayCall): void;
}

/** Finds a router for a call that has none. */
export interface CallPlacer {
  forget(call: GatewayCall): void;
}

/** A call at the gateway, from the first router that is tried to the end. A class: one object per call, on the hot path. */
export class GatewayCall implements PendingCall {
  readonly opened: OpenedCall;
  readonly #handler: AnswerHandler;
  readonly #placer: CallPlacer;
  /** Set while a connection carries the call. */
  #carrier: CallCarrier | null = null;
  number = 0;
  body: OutgoingBody | null = null;
  /** Routers that it was given to. */
  tries = 0;
  #window: CreditWindow = creditWindow();
  #heldBytes = 0;
  #isAnswering = false;
  #isCancelled = false;
  #isOver = false;

  constructor(opened: OpenedCall, handler: AnswerHandler, placer: CallPlacer) {
    this.opened = opened;
    this.#handler = handler;
    this.#placer = placer;
  }

  isCancelled(): boolean {
    return this.#isCancelled;
  }

  isAnswering(): boolean {
    return this.#isAnswering;
  }

  carriedBy(carrier: CallCarrier, number: number, body: OutgoingBody): void {
    this.#carrier = carrier;
    this.number = number;
    this.body = body;
    this.tries += 1;
    this.#window = creditWindow();
  }

  cancel(): void {
    if (this.#isOver || this.#isCancelled) return;
    this.#isCancelled = true;
    if (this.#carrier !== null) return this.#carrier.cancel(this);
    this.#placer.forget(this);
    this.failed({ reason: "cancelled" });
  }

  resume(): void {
    const held = this.#heldBytes;
    this.#heldBytes = 0;
    if (held > 0) this.#use(held);
  }

  /** Throws LinkProtocolError, and whatever the handler throws. */
  headArrived(head: AnswerHead): void {
    if (this.#isAnswering) throw new LinkProtocolError("a second head");
    this.#isAnswering = true;
    if (!this.#isCancelled) this.#handler.onHead(head);
  }

  /** Throws as `headArrived` does. */
  dataArrived(bytes: Buffer): void {
    if (!this.#isAnswering) throw new LinkProtocolError("an answer without a head");
    takeCredit(this.#window, bytes.length);
    if (this.#isCancelled) return;
    if (this.#handler.onData(bytes)) this.#use(bytes.length);
    else this.#heldBytes += bytes.length;
  }

  ended(report: CallReport): void {
    if (!this.#isAnswering && !this.#isCancelled) throw new LinkProtocolError("an end without a head");
    if (this.#isOver) return;
    this.#isOver = true;
    this.#carrier = null;
    this.#handler.onEnd(report);
  }

  failed(failure: CallFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#carrier = null;
    this.#handler.onFail(failure);
  }

  /** Its router certainly did nothing for it. True when another one may be tried. */
  mayMove(): boolean {
    if (this.#isOver || this.#isAnswering) return false;
    this.#carrier = null;
    this.body = null;
    if (!this.#isCancelled) return true;
    this.failed({ reason: "cancelled" });
    return false;
  }

  #use(bytes: number): void {
    const granted = consume(this.#window, bytes);
    if (granted > 0) this.#carrier?.grant(this, granted);
  }
}
