import type { Socket } from "node:net";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { LiveMap } from "@topdog/live-map/live-map";
import { BodyQueue } from "../body-queue.ts";
import { noBody, unknownReport, type IncomingCall } from "../call.ts";
import { abortCodes, frameTypes, LinkProtocolError, maxPrincipals } from "../frame.ts";
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
import { decodeOpen, decodePrincipal } from "../metadata.ts";
import { addPiece, isWhole, unreadCall, wholeBody, type UnreadCall } from "./body-reader.ts";
import { RouterCall, type CallTransport } from "./router-call.ts";

/** What all connections of a router share. */
export interface RouterLoad {
  /** Calls that are open. */
  calls: number;
  /** Body bytes that open calls have announced. */
  bodyBytes: number;
}

export interface RouterConnectionDeps {
  readonly key: SigningKey;
  readonly gateways: TrustedKeys;
  readonly maxCalls: number;
  readonly maxBodyBytes: number;
  /** Of all open calls together. */
  readonly maxBodyBytesTotal: number;
  readonly load: RouterLoad;
  onCall(call: IncomingCall): void;
  /** `onCall` threw: its call is cut. */
  onBug(error: unknown): void;
  onReady(connection: RouterConnection): void;
  onClosed(connection: RouterConnection, cause: Error | undefined): void;
}

/** One gateway's connection, at the router: proves both sides, then turns frames into calls. A class: it is a state machine. */
export class RouterConnection implements LinkSocketHandler, CallTransport {
  readonly bodies: BodyQueue;
  readonly #deps: RouterConnectionDeps;
  readonly #link: LinkSocket;
  readonly #principals = new Map<number, Principal>();
  readonly #unread = new LiveMap<UnreadCall>();
  readonly #running = new LiveMap<RouterCall>();
  #proving: Proving | null = null;
  #lastNumber = 0;
  #isReady = false;
  #isDraining = false;
  #isClosed = false;

  constructor(socket: Socket, deps: RouterConnectionDeps) {
    this.#deps = deps;
    this.#link = openLinkSocket(socket, this);
    this.bodies = new BodyQueue(this.#link.writer);
  }

  get writer(): LinkSocket["writer"] {
    return this.#link.writer;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  takeHeard(): boolean {
    return this.#link.takeHeard();
  }

  /** Takes no more calls; the connection closes when those that run are over. */
  drain(): void {
    if (this.#isDraining || this.#isClosed) return;
    this.#isDraining = true;
    if (!this.#isReady) return this.#link.destroy();
    this.writer.empty(frameTypes.goAway, this.#lastNumber);
    this.#endIfDrained();
  }

  destroy(cause?: Error): void {
    this.#link.destroy(cause);
  }

  onFrame(type: number, number: number, payload: Buffer): void {
    if (!this.#isReady) return this.#shakeHands(type, payload);
    if (type === frameTypes.open) return this.#open(number, payload);
    if (type === frameTypes.principal) return this.#learnPrincipal(number, payload);
    if (type === frameTypes.credit) return this.#grant(number, payload);
    if (type === frameTypes.abort) return this.#cancel(number);
    throw new LinkProtocolError(`a gateway sends no frame of type ${type} here`);
  }

  onData(number: number, bytes: Buffer): void {
    const unread = this.#unread.get(number);
    if (unread === undefined) return this.#checkKnown(number);
    const granted = addPiece(unread, bytes);
    if (isWhole(unread)) this.#run(unread, wholeBody(unread));
    else if (granted > 0) this.writer.uint32(frameTypes.credit, number, granted);
  }

  onFlushed(): void {
    // A router need not know which of its frames were sent.
  }

  onRoom(): void {
    this.bodies.pump();
  }

  onClosed(cause: Error | undefined): void {
    this.#isClosed = true;
    for (const { number, metadata } of this.#unread.values()) {
      this.#unread.delete(number);
      this.#release(metadata.bodyBytes);
    }
    for (const call of this.#running.values()) call.gone("lost");
    this.#deps.onClosed(this, cause);
  }

  onOver(call: RouterCall): void {
    if (!this.#running.delete(call.number)) return;
    this.#release(call.opened.body.length);
    this.#endIfDrained();
  }

  #shakeHands(type: number, payload: Buffer): void {
    const { key, gateways } = this.#deps;
    if (this.#proving === null && type === frameTypes.hello) {
      const gateway: Hello = decodeHello(payload, "gateway");
      const router = makeHello("router", key.kid);
      this.#proving = { gateway, router, socket: this.#link.socket };
      return this.writer.text(frameTypes.hello, 0, encodeHello(router));
    }
    if (this.#proving === null || type !== frameTypes.proof)
      throw new LinkProtocolError("the handshake is out of order");
    checkProof("gateway", gateways, payload, this.#proving);
    this.writer.bytes(frameTypes.proof, 0, signProof("router", key, this.#proving));
    this.#isReady = true;
    this.#link.reader.authenticated();
    this.#deps.onReady(this);
  }

  #learnPrincipal(number: number, payload: Buffer): void {
    if (number < 1 || number > maxPrincipals) throw new LinkProtocolError("a principal's number is out of bounds");
    this.#principals.set(number, decodePrincipal(payload));
  }

  #open(number: number, payload: Buffer): void {
    if (number <= this.#lastNumber) throw new LinkProtocolError("call numbers must rise");
    // The gateway asks another router: it learns from the go-away frame that this call was not accepted.
    if (this.#isDraining) return;
    this.#lastNumber = number;
    const metadata = decodeOpen(payload);
    const principal = this.#principals.get(metadata.principalNumber);
    if (principal === undefined) throw new LinkProtocolError("a call's principal was never sent");
    const { load, maxCalls, maxBodyBytes, maxBodyBytesTotal } = this.#deps;
    if (metadata.bodyBytes > maxBodyBytes) return this.#abort(number, abortCodes.tooLarge);
    if (load.calls >= maxCalls || load.bodyBytes + metadata.bodyBytes > maxBodyBytesTotal) {
      return this.#abort(number, abortCodes.refused);
    }
    load.calls += 1;
    load.bodyBytes += metadata.bodyBytes;
    const call = unreadCall(number, metadata, principal);
    if (metadata.bodyBytes === 0) return this.#run(call, noBody);
    this.#unread.set(number, call);
  }

  #run({ number, metadata, principal }: UnreadCall, body: Buffer): void {
    this.#unread.delete(number);
    const { principalNumber: _number, bodyBytes: _bytes, ...opened } = metadata;
    const call = new RouterCall(number, { ...opened, principal, body }, this);
    this.#running.set(number, call);
    try {
      this.#deps.onCall(call);
    } catch (error) {
      this.#deps.onBug(error);
      call.cut(unknownReport);
    }
  }

  #cancel(number: number): void {
    const unread = this.#unread.get(number);
    if (unread !== undefined) {
      this.#unread.delete(number);
      this.#release(unread.metadata.bodyBytes);
      this.#abort(number, abortCodes.refused);
      return this.#endIfDrained();
    }
    const call = this.#running.get(number);
    if (call === undefined) this.#checkKnown(number);
    else call.gone("cancelled");
  }

  #grant(number: number, payload: Buffer): void {
    if (payload.length !== 4) throw new LinkProtocolError("a credit frame has another length");
    const call = this.#running.get(number);
    if (call === undefined) return this.#checkKnown(number);
    if (!this.bodies.grant(call.body, payload.readUInt32BE(0))) throw new LinkProtocolError("too much credit");
  }

  #abort(number: number, code: number): void {
    this.writer.bytes(frameTypes.abort, number, Buffer.of(code));
  }

  /** Frames for a call that is over may still be on their way; for one that never was, they may not. */
  #checkKnown(number: number): void {
    if (number > this.#lastNumber && !this.#isDraining)
      throw new LinkProtocolError("a frame for a call that never was");
  }

  #release(bodyBytes: number): void {
    this.#deps.load.calls -= 1;
    this.#deps.load.bodyBytes -= bodyBytes;
  }

  #endIfDrained(): void {
    if (this.#isDraining && !this.#isClosed && this.#running.size === 0 && this.#unread.size === 0) this.#link.end();
  }
}
