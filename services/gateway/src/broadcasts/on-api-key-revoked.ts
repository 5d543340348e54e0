import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import type { Principals } from "../store/principals.ts";
import { type PrincipalChange, principalChange } from "./principal-change.ts";

/** A revoked key is refused by every gateway as soon as the event arrives. */
export const onApiKeyRevoked = (principals: Principals): PrincipalChange =>
  principalChange(apiKeyRevoked, ({ keyHash }) => principals.revoke(keyHash));
