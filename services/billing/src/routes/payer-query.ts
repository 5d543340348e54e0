import { idSchema } from "@topdog/contracts/text";
import { z } from "zod";

/** Of every endpoint of billing. */
export const payerQuery = z.object({
  org: idSchema
    .optional()
    .describe(
      "The org that it is about, for its owner and billing members; default: yourself, or the calling key's org",
    ),
});

export const payerErrors = ["owner_only", "not_found"] as const;
/** Of what moves money: a person does it, and proved lately who they are. */
export const moneyErrors = [
  ...payerErrors,
  "billing_not_configured",
  "payments_unavailable",
  "conflict",
  "reauthentication_required",
  "session_required",
] as const;
