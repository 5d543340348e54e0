import { sessionRevoked } from "@topdog/contracts/events/session-revoked";
import type { Sessions } from "../store/sessions.ts";
import { type PrincipalChange, principalChange } from "./principal-change.ts";

/** A session that has ended is refused by every gateway as soon as the event arrives. */
export const onSessionRevoked = (sessions: Sessions): PrincipalChange =>
  principalChange(sessionRevoked, ({ tokenHash }) => sessions.revoke(tokenHash));
