import { byokSettingsChanged, credentialEvents } from "@topdog/contracts/events/credential-events";
import type { Principals } from "../store/principals.ts";
import { type PrincipalChange, principalChange } from "./principal-change.ts";

/** A tenant's credentials or slots changed: what its calls are told of them, and whose may serve them, is out of date. */
export const onByokChanged = (principals: Principals): PrincipalChange[] => [
  ...credentialEvents.map((event) => principalChange(event, ({ tenant }) => principals.dropTenant(tenant))),
  principalChange(byokSettingsChanged, ({ tenant }) => principals.dropTenant(tenant)),
];
