import type { AnyEvent } from "../event.ts";
import { apiKeyChanged, apiKeyCreated, apiKeyRevoked } from "./api-key-events.ts";
import { byokSettingsChanged, credentialAdded, credentialChanged, credentialRevoked } from "./credential-events.ts";
import { auditAnchored } from "./audit-anchored.ts";
import { memberChanged, orgRulesChanged, orgUpdated } from "./org-events.ts";
import { providerStateChanged } from "./provider-state-changed.ts";
import { quotaExhausted } from "./quota-exhausted.ts";
import { sessionRevoked } from "./session-revoked.ts";
import { subscriptionUpdated } from "./subscription-updated.ts";
import { singleUsageConsumed, usageConsumed } from "./usage-consumed.ts";
import { usageSummed } from "./usage-summed.ts";

/** Every event on the bus; the AsyncAPI document is generated from this list. */
export const eventCatalog: readonly AnyEvent[] = [
  apiKeyCreated,
  apiKeyChanged,
  apiKeyRevoked,
  byokSettingsChanged,
  credentialAdded,
  credentialChanged,
  credentialRevoked,
  auditAnchored,
  memberChanged,
  orgRulesChanged,
  orgUpdated,
  providerStateChanged,
  quotaExhausted,
  sessionRevoked,
  subscriptionUpdated,
  usageConsumed,
  singleUsageConsumed,
  usageSummed,
];
