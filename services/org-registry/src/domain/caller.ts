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

/** Who acted, as the audit log names them. */
export const actorOf = (caller: Caller): string =>
  `user:${caller.userId} ${caller.keyId === null ? `session:${caller.sessionId}` : `key:${caller.keyId}`}`;

/** Somebody with access to the database, by a command. */
export const operator = "operator";
