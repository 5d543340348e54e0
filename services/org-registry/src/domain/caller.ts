/** Who asks: the user of an API key, and the org that the key is confined to, if any. */
export interface Caller {
  readonly userId: string;
  readonly orgId: string | null;
}
