import { billing } from "../../copy/billing.ts";
import type { PlanChoice } from "../../domain/plan-choice.ts";

/** `Pro Plus, 1 seat, billed annually`. */
export const textOfChoice = (nameOf: (plan: string) => string, { plan, seats, interval }: PlanChoice): string =>
  billing.choiceOf(nameOf(plan), seats, billing.intervals[interval].toLowerCase());
