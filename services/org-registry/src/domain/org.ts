import type { Standing } from "./permissions.ts";

export interface Org {
  readonly id: string;
  readonly name: string;
  readonly ownerUserId: string;
  readonly version: number;
  readonly createdAt: Date;
  /** When it will be gone for good; null unless its owner deleted it. */
  readonly deletionDueAt: Date | null;
  /** To whom the owner offers it. */
  readonly offer: { readonly userId: string; readonly expiresAt: Date } | null;
}

/** Orgs that one user may own. */
export const maxOrgsPerOwner = 20;
/** How long an owner may restore an org that they deleted. */
export const deletionGraceMs = 14 * 86_400_000;
/** How long an offered ownership may be accepted. */
export const offerLifetimeMs = 7 * 86_400_000;

/** The offer of an org while it may be accepted. */
export const openOffer = ({ offer }: Org, at: Date): Org["offer"] =>
  offer !== null && offer.expiresAt > at ? offer : null;

export interface Member extends Standing {
  readonly orgId: string;
  readonly version: number;
  /** Calls a day of all their keys of the org; null: no ceiling. */
  readonly dailyCeiling: number | null;
  readonly activatedAt: Date | null;
  readonly createdAt: Date;
}
