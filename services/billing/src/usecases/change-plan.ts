import { AppError } from "@topdog/errors/app-error";
import { type ChangePreview, previewChange } from "../clients/stripe/invoices.ts";
import type { Target } from "../domain/money-operation.ts";
import { targetOf, type Timing, timingOf, type WantedChange } from "../domain/plan-change.ts";
import type { PriceMap } from "../domain/price-map.ts";
import { renewsAt, type StripeSubscription } from "../domain/stripe-subscription.ts";
import { runOperation } from "./begin-operation.ts";
import { judgeFewerSeats } from "./judge-target.ts";
import { governingOf, type Held } from "./operations/governing-of.ts";
import type { OperationDeps } from "./operations/operation-deps.ts";
import { priceFor } from "./operations/price-for.ts";
import { findStripeState } from "../store/stripe-states.ts";

/** A preview's moment counts for as long as a person thinks about it. */
const previewMs = 15 * 60_000;

export interface PlanChange {
  readonly outcome: "unchanged" | "changed" | "payment_required" | "scheduled";
  /** Where what is open is paid or confirmed. */
  readonly paymentUrl: string | null;
  readonly effectiveAt: string | null;
}

/** Throws AppError `invalid_request` for a target that the owner cannot hold. */
export type JudgeTarget = (owner: string, target: Target) => void;

interface ChangeDeps extends OperationDeps {
  readonly judgeTarget: JudgeTarget;
}

function scheduledTarget(prices: PriceMap, { scheduled }: StripeSubscription): Target | null {
  const price = scheduled === null ? null : prices.ofPrice(scheduled.priceId);
  return scheduled === null || price === null
    ? null
    : { plan: price.plan, interval: price.interval, seats: scheduled.quantity };
}

async function resolve(
  deps: ChangeDeps,
  owner: string,
  wanted: WantedChange,
): Promise<{ readonly held: Held; readonly target: Target; readonly timing: Timing }> {
  const held = await governingOf(deps, owner);
  const { sold, subscription } = held;
  if (subscription.status !== "active" && subscription.status !== "trialing")
    throw new AppError("conflict", { detail: "A payment is owed: pay it first, in the portal." });
  const target = targetOf(sold, scheduledTarget(deps.prices, subscription), wanted);
  deps.judgeTarget(owner, target);
  await judgeFewerSeats(deps.db, owner, sold.seats, target.seats);
  priceFor(deps.prices, target);
  return { held, target, timing: timingOf(sold, target) };
}

export interface PreviewedChange {
  readonly timing: Timing;
  readonly target: Target;
  readonly effectiveAt: string | null;
  /** Null unless something is paid at once. */
  readonly now: (ChangePreview & { readonly prorationDate: number }) | null;
}

/** What a change would cost and when it would come, by Stripe's own computation. */
export async function previewPlanChange(
  deps: ChangeDeps,
  owner: string,
  wanted: WantedChange,
): Promise<PreviewedChange> {
  const { held, target, timing } = await resolve(deps, owner, wanted);
  const { subscription, sold } = held;
  if (timing !== "now") {
    const at = timing === "period_end" ? (renewsAt(subscription)?.toISOString() ?? null) : null;
    return { timing, target, effectiveAt: at, now: null };
  }
  const prorationDate = Math.floor(deps.nowMs() / 1000);
  const preview = await previewChange(deps.stripe, {
    subscriptionId: subscription.id,
    itemId: sold.item.id,
    priceId: priceFor(deps.prices, target).priceId,
    quantity: target.seats,
    prorationDate,
  });
  return {
    timing,
    target,
    effectiveAt: new Date(prorationDate * 1000).toISOString(),
    now: { ...preview, prorationDate },
  };
}

export async function changePlan(
  deps: ChangeDeps,
  owner: string,
  wanted: WantedChange & { readonly prorationDate?: number | undefined },
): Promise<PlanChange> {
  const { held, target, timing } = await resolve(deps, owner, wanted);
  const replacesPlans = held.subscription.scheduleId !== null;
  if (timing === "same" && !replacesPlans) return { outcome: "unchanged", paymentUrl: null, effectiveAt: null };
  if (timing === "now") {
    const prorationDate = prorationDateOf(deps.nowMs(), wanted.prorationDate);
    await runOperation(deps, owner, { kind: "change", params: { ...target, prorationDate } });
  } else {
    await runOperation(deps, owner, { kind: "schedule", params: target });
  }
  const details = (await findStripeState(deps.db, owner))?.details;
  if (details?.changePending === true)
    return { outcome: "payment_required", paymentUrl: details.paymentUrl, effectiveAt: null };
  return timing === "period_end"
    ? { outcome: "scheduled", paymentUrl: null, effectiveAt: details?.scheduled?.at ?? null }
    : { outcome: "changed", paymentUrl: null, effectiveAt: null };
}

function prorationDateOf(nowMs: number, previewed: number | undefined): number {
  const now = Math.floor(nowMs / 1000);
  if (previewed === undefined) return now;
  if (previewed > now || now - previewed > previewMs / 1000)
    throw new AppError("invalid_request", { param: "prorationDate", detail: "The preview is too old: make another." });
  return previewed;
}
