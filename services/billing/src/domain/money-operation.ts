import type { PlanId } from "@topdog/contracts/plans";
import type { Interval } from "./subscription.ts";

export interface Target {
  readonly plan: PlanId;
  readonly interval: Interval;
  readonly seats: number;
}

/** What is asked of Stripe. Everything that the requests depend on is in here, so that a replay sends the same bytes. */
export type OperationWork =
  | { readonly kind: "checkout"; readonly params: Target & { readonly trialDays: number } }
  /** At once, paid first. */
  | { readonly kind: "change"; readonly params: Target & { readonly prorationDate: number } }
  /** At the end of the period. */
  | { readonly kind: "schedule"; readonly params: Target }
  | { readonly kind: "cancel"; readonly params: Record<string, never> }
  | { readonly kind: "resume"; readonly params: Record<string, never> }
  /** All of it at once: the owner is gone. */
  | { readonly kind: "close"; readonly params: Record<string, never> };

export interface OperationResult {
  readonly sessionId?: string;
  readonly url?: string;
  readonly expiresAt?: string;
}

/** One act on a customer's money: written before Stripe is asked, replayed until the answer is known. */
export interface MoneyOperation {
  readonly id: string;
  readonly owner: string;
  readonly work: OperationWork;
  readonly attempt: number;
  readonly state: "started" | "done" | "refused";
  readonly result: OperationResult | null;
  readonly refusal: string | null;
  readonly createdAt: Date;
}

/** The same for every replay of one step, and never the same for two. Stripe keeps up to 255 characters. */
export const idempotencyKey = ({ id, attempt }: MoneyOperation, step: string): string =>
  `topdog:${id}:${attempt}:${step}`;

/** Stripe forgets a key after a day or more: from then on a replay looks at the state first, and begins anew. */
export const replayableMs = 20 * 3_600_000;

export const sameWork = (a: OperationWork, b: OperationWork): boolean => {
  if (a.kind !== b.kind) return false;
  if (a.kind === "change" && b.kind === "change") return sameTarget(a.params, b.params);
  if (a.kind === "checkout" && b.kind === "checkout") return sameTarget(a.params, b.params);
  if (a.kind === "schedule" && b.kind === "schedule") return sameTarget(a.params, b.params);
  return true;
};

export const sameTarget = (a: Target, b: Target): boolean =>
  a.plan === b.plan && a.interval === b.interval && a.seats === b.seats;
