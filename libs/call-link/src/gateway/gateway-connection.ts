import type { Socket } from "node:net";
import { LiveMap } from "@topdog/live-map/live-map";
import { BodyQueue, outgoingBody } from "../body-queue.ts";
import { abortCodes, frameTypes, LinkProtocolError, maxCallNumber } from "../frame.ts";
import {
  checkProof,
  decodeHello,
  encodeHello,
  makeHello,
  signProof,
  type Hello,
  type Proving,
  type SigningKey,
  type TrustedKeys,
} from "../handshake.ts";
import { openLinkSocket, type LinkSocket, type LinkSocketHandler } from "../link-socket.ts";
import { decodeHead, decodeReport, encodeOpen, encodePrincipal } from "../metadata.ts";
import type { CallCarrier, GatewayCall } from "./gateway-call.ts";
import { createPrincipalNumbers, type PrincipalNumbers } from "./principal-numbers.ts";

/** Why a call comes back of which the router has certainly done nothing. */
export type ReturnReason = "draining" | "refused" | "unsent";

export interface GatewayConnectionDeps {
  readonly key: SigningKey;
  readonly routers: TrustedKeys;
  /** Both sides are who they say. */
  onReady(): void;
  /** Takes no more calls; those that run go on. */
  onDraining(): void;
  /** The router certainly did nothing for this call. */
  onReturned(call: GatewayCall, why: ReturnReason): void;
  /** A handler of ours threw: only its call is lost. */
  onBug(error: unknown): void;
  onClosed(cause: Error | undefined): void;
}

/** A connection to one router, at the gateway: proves both sides, then carries calls. A class: it is a state machine. */
export class GatewayConnection implements LinkSocketHandler, CallCarrier {
  readonly #deps: GatewayConnectionDeps;
  readonly #link: LinkSocket;
  readonly #bodies: BodyQueue;
  readonly #hello: Hello;
  readonly #principals: PrincipalNumbers = createPrincipalNumbers();
  readonly #calls = new LiveMap<GatewayCall>();
  #proving: Proving | null = null;
  #isReady = false;
  #isDraining = false;
  #lastNumber = 0;
  #silentSinceMs: number | null = null;
  /** The highest call whose frames were handed to the socket: a router may have seen it. */
  #lastFlushed = 0;

  /** `socket` is connected. */
  constructor(socket: Socket, deps: GatewayConnectionDeps) {
    this.#deps = deps;
    this.#link = openLinkSocket(socket, this);
    this.#bodies = new BodyQueue(this.#link.writer);
    this.#hello = makeHello("gateway", deps.key.kid);
    this.#link.writer.text(frameTypes.hello, 0, encodeHello(this.#hello));
  }

  /** Calls that are on their way. */
  inFlight(): number {
    return this.#calls.size;
  }

  /** How long nothing has come; a silence counts from the first call of this function within it. */
  silentMs(nowMs: number): number {
    if (this.#link.takeHeard()) this.#silentSinceMs = null;
    else this.#silentSinceMs ??= nowMs - 1;
    return this.#silentSinceMs === null ? 0 : nowMs - this.#silentSinceMs;
  }

  ping(): void {
    if (this.#isReady) this.#link.writer.empty(frameTypes.ping, 0);
  }

  destroy(cause?: Error): void {
    this.#link.destroy(cause);
  }

  /** Only on a ready connection. Throws RangeError for a call whose metadata fits no frame. */
  open(call: GatewayCall): void {
    const { opened } = call;
    const { writer } = this.#link;
    const { number: principalNumber, isNew } = this.#principals.numberOf(opened.principal);
    if (isNew) writer.text(frameTypes.principal, principalNumber, encodePrincipal(opened.principal));
    const number = this.#lastNumber + 1;
    writer.text(frameTypes.open, number, encodeOpen(opened, principalNumber));
    this.#lastNumber = number;
    const body = outgoingBody(number);
    call.carriedBy(this, number, body);
    this.#calls.set(number, call);
    this.#bodies.write(body, opened.body);
    if (number >= maxCallNumber) this.#drain();
  }

  /** The router is silent: what it has not begun to answer fails, so that another router can be asked. What it says of that later is ignored. */
  loseUnanswered(cause: Error): void {
    const unanswered = this.#calls.values().filter((call) => !call.isAnswering());
    for (const call of unanswered.toArray()) {
      if (!call.isCancelled()) this.cancel(call);
      this.#remove(call);
      call.failed({ reason: "reset", cause });
    }
  }

  grant(call: GatewayCall, bytes: number): void {
    this.#link.writer.uint32(frameTypes.credit, call.number, bytes);
  }

  cancel(call: GatewayCall): void {
    if (call.body !== null) this.#bodies.drop(call.body);
    this.#link.writer.bytes(frameTypes.abort, call.number, Buffer.of(abortCodes.cancelled));
  }

  onFrame(type: number, number: number, payload: Buffer): void {
    if (!this.#isReady) return this.#shakeHands(type, payload);
    if (type === frameTypes.goAway) return this.#goAway(number);
    const call = this.#callOf(number);
    if (call === undefined) return;
    try {
      this.#answer(call, type, payload);
    } catch (error) {
      this.#lose(call, error);
    }
  }

  onData(number: number, bytes: Buffer): void {
    const call = this.#callOf(number);
    if (call === undefined) return;
    try {
      call.dataArrived(bytes);
    } catch (error) {
      this.#lose(call, error);
    }
  }

  onFlushed(): void {
    this.#lastFlushed = this.#lastNumber;
  }

  onRoom(): void {
    this.#bodies.pump();
  }

  onClosed(cause: Error | undefined): void {
    const calls = [...this.#calls.values()];
    for (const { number } of calls) this.#calls.delete(number);
    this.#deps.onClosed(cause);
    for (const call of calls) {
      const isUnsent = call.number > this.#lastFlushed;
      if (isUnsent) this.#return(call, "unsent");
      else call.failed({ reason: "reset", cause });
    }
  }

  #callOf(number: number): GatewayCall | undefined {
    if (number > this.#lastNumber) throw new LinkProtocolError("a frame for a call that never was");
    return this.#calls.get(number);
  }

  #answer(call: GatewayCall, type: number, payload: Buffer): void {
    if (type === frameTypes.head) return call.headArrived(decodeHead(payload));
    if (type === frameTypes.end) {
      const report = decodeReport(payload);
      this.#remove(call);
      return call.ended(report);
    }
    if (type === frameTypes.credit && payload.length === 4) {
      if (call.body === null || this.#bodies.grant(call.body, payload.readUInt32BE(0))) return;
      throw new LinkProtocolError("too much credit");
    }
    if (type === frameTypes.abort && payload.length > 0) return this.#aborted(call, payload);
    throw new LinkProtocolError(`a router sends no frame of type ${type} here`);
  }

  #aborted(call: GatewayCall, payload: Buffer): void {
    const code = payload[0];
    if (code === abortCodes.cut) {
      const report = decodeReport(payload.subarray(1));
      this.#remove(call);
      return call.failed({ reason: "cut", report });
    }
    this.#remove(call);
    if (code === abortCodes.refused) return this.#return(call, "refused");
    if (code === abortCodes.tooLarge) return call.failed({ reason: "too_large" });
    throw new LinkProtocolError("an abort without a known reason");
  }

  #goAway(lastAccepted: number): void {
    this.#drain();
    const notAccepted = this.#calls.values().filter((call) => call.number > lastAccepted);
    for (const call of notAccepted.toArray()) {
      this.#remove(call);
      this.#return(call, "draining");
    }
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#deps.onDraining();
  }

  #return(call: GatewayCall, why: ReturnReason): void {
    if (call.mayMove()) this.#deps.onReturned(call, why);
  }

  #remove(call: GatewayCall): void {
    this.#calls.delete(call.number);
    if (call.body !== null) this.#bodies.drop(call.body);
  }

  /** A protocol error is the router's fault and closes the connection; any other is our own and ends only the call. */
  #lose(call: GatewayCall, error: unknown): void {
    if (error instanceof LinkProtocolError) throw error;
    this.#deps.onBug(error);
    this.#remove(call);
    if (!call.isCancelled()) this.cancel(call);
    call.failed({ reason: "reset", cause: error instanceof Error ? error : new Error(String(error)) });
  }

  #shakeHands(type: number, payload: Buffer): void {
    const { key, routers } = this.#deps;
    if (this.#proving === null && type === frameTypes.hello) {
      const router = decodeHello(payload, "router");
      this.#proving = { gateway: this.#hello, router, socket: this.#link.socket };
      return this.#link.writer.bytes(frameTypes.proof, 0, signProof("gateway", key, this.#proving));
    }
    if (this.#proving === null || type !== frameTypes.proof)
      throw new LinkProtocolError("the handshake is out of order");
    checkProof("router", routers, payload, this.#proving);
    this.#isReady = true;
    this.#link.reader.authenticated();
    this.#deps.onReady();
  }
}
