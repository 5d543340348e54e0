import { LinkProtocolError, windowBytes } from "./frame.ts";

/** What a receiver has let the sender send for one call. */
export interface CreditWindow {
  left: number;
  consumed: number;
}

export const creditWindow = (): CreditWindow => ({ left: windowBytes, consumed: 0 });

/** Throws LinkProtocolError when the sender sends more than it may. */
export function takeCredit(window: CreditWindow, bytes: number): void {
  window.left -= bytes;
  if (window.left < 0) throw new LinkProtocolError("a body exceeds its credit");
}

/** Bytes were used: returns how many to grant, in as few frames as keep the sender going; 0 for none yet. */
export function consume(window: CreditWindow, bytes: number): number {
  window.consumed += bytes;
  if (window.consumed < windowBytes / 2) return 0;
  const granted = window.consumed;
  window.consumed = 0;
  window.left += granted;
  return granted;
}
