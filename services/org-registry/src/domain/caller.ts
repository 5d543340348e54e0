/** Who asks: an API key, its user, and the org that the key is confined to, if any. */
export interface Caller {
  readonly keyId: string;
  readonly userId: string;
  readonly orgId: string | null;
}

/** Who acted, as the audit log names them. */
export const actorOf = ({ userId, keyId }: Caller): string => `user:${userId} key:${keyId}`;

/** Somebody with access to the database, by a command. */
export const operator = "operator";
