import { apiKeyChanged } from "@topdog/contracts/events/api-key-events";
import type { Principals } from "../store/principals.ts";
import { type PrincipalChange, principalChange } from "./principal-change.ts";

/** A key's scopes, restrictions or end changed: it is asked about before it is served again. */
export const onApiKeyChanged = (principals: Principals): PrincipalChange =>
  principalChange(apiKeyChanged, ({ keyHash }) => principals.dropKey(keyHash));
