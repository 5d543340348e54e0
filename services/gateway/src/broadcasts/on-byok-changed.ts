import { orgTenant } from "@topdog/contracts/byok";
import { orgRulesChanged } from "@topdog/contracts/events/org-events";
import { byokSettingsChanged, credentialEvents } from "@topdog/contracts/events/credential-events";
import type { Principals } from "../store/principals.ts";
import { type PrincipalChange, principalChange } from "./principal-change.ts";

/** A tenant's credentials, slots or rules for models changed: what its calls are told of them, and who may serve them, is out of date. */
export const onByokChanged = (principals: Principals): PrincipalChange[] => [
  ...credentialEvents.map((event) => principalChange(event, ({ tenant }) => principals.dropTenant(tenant))),
  principalChange(orgRulesChanged, ({ orgId }) => principals.dropTenant(orgTenant(orgId))),
  principalChange(byokSettingsChanged, ({ tenant }) => principals.dropTenant(tenant)),
];
