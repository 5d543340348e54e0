import { AppError } from "@topdog/errors/app-error";
import type { Target } from "../domain/money-operation.ts";
import { judgePlan } from "../domain/subscription.ts";

/** Throws AppError for a plan that the owner cannot hold, or for fewer seats than its minimum. */
export function judgeTarget(regulatedLineup: boolean, owner: string, target: Target): void {
  const verdict = judgePlan({ owner, ...target }, { regulatedLineup });
  if (!verdict.ok) throw new AppError("invalid_request", { detail: `${verdict.reason}.` });
  if (target.plan === "free") throw new AppError("invalid_request", { detail: "free is not bought: cancel instead." });
}
