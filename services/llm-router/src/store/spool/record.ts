import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { UsageIntent } from "../../domain/usage-spool.ts";
import { encodeFrame, type Frame } from "./frame.ts";

export type SpoolRecord =
  | { readonly kind: "intent"; readonly intent: UsageIntent }
  | { readonly kind: "begun"; readonly usageId: string }
  | { readonly kind: "final"; readonly usage: UsageConsumed };

const intentKind = 1;
const begunKind = 2;
export const finalKind = 3;

export const encodeIntent = (intent: UsageIntent): Buffer => encodeFrame(intentKind, JSON.stringify(intent));
export const encodeBegun = (usageId: string): Buffer => encodeFrame(begunKind, usageId);
export const encodeFinal = (usage: UsageConsumed): Buffer => encodeFrame(finalKind, JSON.stringify(usage));

/** Null for a kind that this version does not know. */
export function decodeRecord({ kind, payload }: Frame): SpoolRecord | null {
  if (kind === intentKind) return { kind: "intent", intent: JSON.parse(payload) as UsageIntent };
  if (kind === begunKind) return { kind: "begun", usageId: payload };
  if (kind === finalKind) return { kind: "final", usage: JSON.parse(payload) as UsageConsumed };
  return null;
}
