/** An API key, its user, and the org that the key is confined to, if any. */
export interface CallingKey {
  readonly userId: string;
  readonly orgId: string | null;
  readonly keyId: string;
}

/** A user who is signed in: confined to no org. */
export interface CallingSession {
  readonly userId: string;
  readonly orgId: null;
  readonly keyId: null;
  readonly sessionId: string;
}

/** Who asks. */
export type Caller = CallingKey | CallingSession;

/** A person who asks for something in their session. */
export type AskingSession = Pick<CallingSession, "userId" | "sessionId">;

/** Who acted, as the audit log names them. */
export const actorOfSession = ({ userId, sessionId }: AskingSession): string => `user:${userId} session:${sessionId}`;

export const actorOf = (caller: Caller): string =>
  caller.keyId === null ? actorOfSession(caller) : `user:${caller.userId} key:${caller.keyId}`;

/** Somebody with access to the database, by a command. */
export const operator = "operator";
