/** Service accounts that one org may have. */
export const maxServiceAccounts = 50;

/** A machine that calls models for an org. Its keys charge the org bucket, and are nobody's but the org's. */
export interface ServiceAccount {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  readonly createdBy: string;
  readonly createdAt: Date;
}
