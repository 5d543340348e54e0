import type { GivenRole } from "./permissions.ts";

/** How long an invitation may be accepted. */
export const invitationLifetimeMs = 7 * 86_400_000;
/** Open invitations of one org. */
export const maxOpenInvitations = 200;

export interface Invitation {
  readonly id: string;
  readonly orgId: string;
  /** Lower case. */
  readonly email: string;
  readonly role: GivenRole;
  readonly invitedBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** What the invited person is written. The name of the org was checked to be one line. */
export function invitationMail(orgName: string, link: string): MailText {
  return {
    subject: `You are invited to ${orgName} on Top Dog`,
    text: `The org ${orgName} invites you to be a member on Top Dog. Accept or decline here:\n\n${link}\n\nThe link works once, for 7 days. You become a member only if you accept. If you do not know the org, do nothing.\n`,
  };
}
