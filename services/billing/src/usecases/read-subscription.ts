import { AppError } from "@topdog/errors/app-error";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { Database } from "@topdog/postgres/pool";
import { freeSubscription, type Subscription } from "../domain/subscription.ts";
import { findOrgSeats } from "../store/org-seats.ts";
import { findSubscription } from "../store/subscriptions.ts";

export type SubscriptionView = Omit<Subscription, "changedAt"> & {
  /** Null for an owner that never had a plan set. */
  readonly changedAt: string | null;
  /** Seats taken; null for a user, who has none to give. */
  readonly activeMembers: number | null;
};

/** The caller's own subscription, or that of an org which the caller owns. */
export async function readSubscription(
  db: Database,
  principal: Principal,
  orgId: string | undefined,
): Promise<SubscriptionView> {
  if (orgId === undefined) return { ...(await subscriptionOf(db, `user:${principal.userId}`)), activeMembers: null };
  const seats = await findOrgSeats(db, orgId);
  const keyReaches = principal.orgId === null || principal.orgId === orgId;
  const owns = seats?.ownerUserId === principal.userId || (principal.orgId === orgId && principal.role === "owner");
  if (keyReaches && owns) {
    return { ...(await subscriptionOf(db, `org:${orgId}`)), activeMembers: seats?.activeMembers ?? 0 };
  }
  if (principal.orgId === orgId) throw new AppError("owner_only");
  // Whether a stranger asks for an org that exists is nobody's to learn.
  throw new AppError("not_found", { detail: "There is no such org." });
}

const subscriptionOf = async (db: Database, owner: string): Promise<Omit<SubscriptionView, "activeMembers">> =>
  (await findSubscription(db, owner)) ?? freeSubscription(owner);
