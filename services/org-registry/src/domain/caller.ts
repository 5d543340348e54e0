/** Who asks: an API key, its user, and the org that the key is confined to, if any. */
export interface Caller {
  readonly keyId: string;
  readonly userId: string;
  readonly orgId: string | null;
}

/** Who did it, as the audit log says it. */
export const actorOf = ({ userId, keyId }: Caller): string => `user:${userId} key:${keyId}`;

/** An act by command, of someone with access to the database. */
export const operator = "operator";
