import { AppError } from "@topdog/errors/app-error";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { Database } from "@topdog/postgres/pool";
import { freeSubscription, type Subscription, type UnsetSubscription } from "../domain/subscription.ts";
import { findOrgSeats } from "../store/org-seats.ts";
import { findSubscription } from "../store/subscriptions.ts";

export interface SubscriptionView {
  readonly subscription: Subscription | UnsetSubscription;
  /** Seats taken; null for a user, who has none to give. */
  readonly activeMembers: number | null;
}

/**
 * The subscription of an org that the caller owns: the one asked for, else the one that the calling key is for. A personal
 * key or a session that asks for no org gets its user's own; an org key never does.
 */
export async function readSubscription(
  db: Database,
  { userId, orgId: keyOrgId, role }: Pick<Principal, "userId" | "orgId" | "role">,
  askedOrgId: string | undefined,
): Promise<SubscriptionView> {
  const orgId = askedOrgId ?? keyOrgId;
  if (orgId === null) return { subscription: await subscriptionOf(db, `user:${userId}`), activeMembers: null };
  const seats = await findOrgSeats(db, orgId);
  const keyReaches = keyOrgId === null || keyOrgId === orgId;
  const owns = seats?.ownerUserId === userId || (keyOrgId === orgId && role === "owner");
  if (keyReaches && owns) {
    return { subscription: await subscriptionOf(db, `org:${orgId}`), activeMembers: seats?.activeMembers ?? 0 };
  }
  if (keyOrgId === orgId) throw new AppError("owner_only");
  // A stranger is not told whether the org exists.
  throw new AppError("not_found", { detail: "There is no such org." });
}

const subscriptionOf = async (db: Database, owner: string): Promise<Subscription | UnsetSubscription> =>
  (await findSubscription(db, owner)) ?? freeSubscription(owner);
