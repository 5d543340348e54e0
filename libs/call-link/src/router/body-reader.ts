import { consume, creditWindow, takeCredit, type CreditWindow } from "../credit-window.ts";
import { LinkProtocolError } from "../frame.ts";
import type { OpenMetadata } from "../metadata.ts";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";

/** A call whose body has not wholly come. */
export interface UnreadCall {
  readonly number: number;
  readonly metadata: OpenMetadata;
  readonly principal: Principal;
  readonly window: CreditWindow;
  readonly chunks: Buffer[];
  receivedBytes: number;
}

export const unreadCall = (number: number, metadata: OpenMetadata, principal: Principal): UnreadCall => ({
  number,
  metadata,
  principal,
  window: creditWindow(),
  chunks: [],
  receivedBytes: 0,
});

/** Takes a piece of the body in. Returns how much more to let the gateway send. Throws LinkProtocolError. */
export function addPiece(call: UnreadCall, bytes: Buffer): number {
  takeCredit(call.window, bytes.length);
  call.chunks.push(bytes);
  call.receivedBytes += bytes.length;
  if (call.receivedBytes > call.metadata.bodyBytes) throw new LinkProtocolError("a body is longer than announced");
  return consume(call.window, bytes.length);
}

export const isWhole = (call: UnreadCall): boolean => call.receivedBytes === call.metadata.bodyBytes;

export const wholeBody = ({ chunks, receivedBytes }: UnreadCall): Buffer =>
  chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, receivedBytes);
