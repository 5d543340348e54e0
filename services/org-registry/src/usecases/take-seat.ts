import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { paidSeats } from "../domain/seats.ts";
import { findEntitlement } from "../store/entitlements.ts";
import { countActiveMembers } from "../store/orgs.ts";

/** Refuses when every paid seat is taken. The caller holds the org's owner lock, so the count stays valid until it commits. */
export async function requireFreeSeat(trx: Transaction, orgId: string): Promise<void> {
  const seats = paidSeats(await findEntitlement(trx, `org:${orgId}`));
  const taken = await countActiveMembers(trx, orgId);
  if (taken >= seats) {
    throw new AppError("seats_exhausted", {
      detail: `${taken} of ${seats} paid seats are taken. Buy seats with POST /api/billing/change-plan, or deactivate a member.`,
      extensions: { seats, seatsTaken: taken },
    });
  }
}
