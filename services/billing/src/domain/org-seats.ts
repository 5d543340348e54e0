/** `announced`: its owner may still restore it; `done`: it is gone for good. */
export type OrgDeletion = "none" | "announced" | "done";

/** How many seats an org uses and who owns it, as org-registry last said. */
export interface OrgSeats {
  readonly orgId: string;
  /** The org's own: rises with each of its changes. */
  readonly version: number;
  readonly ownerUserId: string;
  readonly activeMembers: number;
  readonly deletion: OrgDeletion;
  readonly changedAt: Date;
}
