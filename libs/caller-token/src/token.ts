import { accountCallSchema } from "@topdog/contracts/account-call";
import { z } from "zod";

/** Ed25519 by its own name (RFC 9864); no other algorithm is signed with or accepted. */
export const algorithm = "Ed25519";
/** Says what the token is for, so that no other token signed with this key is taken for one (RFC 8725, 3.11). */
export const tokenType = "topdog-caller+jwt";
/** A request reaches the sibling within its connect timeout; a token that is older belongs to another one. */
export const lifetimeSeconds = 10;
/** How far the clocks of two hosts may differ. */
export const clockToleranceSeconds = 2;

/** Our own claims, beside `aud`, `iat` and `exp`. */
export const callerClaimsSchema = accountCallSchema.extend({
  method: z.string(),
  /** With the query, as it stands in the request line. */
  path: z.string(),
});
export type CallerClaims = z.infer<typeof callerClaimsSchema>;
