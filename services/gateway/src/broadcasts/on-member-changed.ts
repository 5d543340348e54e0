import { memberChanged } from "@topdog/contracts/events/org-events";
import type { Principals } from "../store/principals.ts";
import { type PrincipalChange, principalChange } from "./principal-change.ts";

/** A member's role or seat changed: what is cached about their org keys is out of date. */
export const onMemberChanged = (principals: Principals): PrincipalChange =>
  principalChange(memberChanged, (change) => principals.dropMember(change));
