/** How many seats an org uses and who owns it, as org-registry last said. */
export interface OrgSeats {
  readonly orgId: string;
  /** The org's own: rises with each of its changes. */
  readonly version: number;
  readonly ownerUserId: string;
  readonly activeMembers: number;
  readonly changedAt: Date;
}
