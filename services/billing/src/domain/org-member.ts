/** A member's place in an org, as org-registry last said. */
export interface OrgMember {
  readonly orgId: string;
  readonly userId: string;
  /** The membership's own: rises with each of its changes. */
  readonly version: number;
  readonly role: string;
  readonly active: boolean;
  readonly changedAt: Date;
}

/** Who sees and moves an org's money. */
export const isPayer = (role: string | null): boolean => role === "owner" || role === "billing";
