import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { Target } from "../domain/money-operation.ts";
import { judgePlan } from "../domain/subscription.ts";
import { findOrgSeats } from "../store/org-seats.ts";

/** Throws AppError for a plan that the owner cannot hold, or for fewer seats than its minimum. */
export function judgeTarget(regulatedLineup: boolean, owner: string, target: Target): void {
  const verdict = judgePlan({ owner, ...target }, { regulatedLineup });
  if (!verdict.ok) throw new AppError("invalid_request", { detail: `${verdict.reason}.` });
  if (target.plan === "free") throw new AppError("invalid_request", { detail: "free is not bought: cancel instead." });
}

/** Throws AppError when fewer seats are wanted than are taken: the members who would lose theirs are chosen by a person. */
export async function judgeFewerSeats(db: Database, owner: string, from: number, to: number): Promise<void> {
  if (to >= from || !owner.startsWith("org:")) return;
  const activeMembers = (await findOrgSeats(db, owner.slice("org:".length)))?.activeMembers ?? 0;
  if (to >= activeMembers) return;
  throw new AppError("conflict", {
    detail: `${activeMembers} members are active: deactivate ${activeMembers - to} of them first.`,
    extensions: { activeMembers },
  });
}
