import type { SessionCaller } from "@topdog/contracts/account-call";

/** A session that one does not use for this long ends. */
export const maxIdleMs = 14 * 86_400_000;
/** A session that one does use. */
export const maxAgeMs = 30 * 86_400_000;
/** For how long a second factor makes an admin's session one of an operator: a working day. */
const operatorMs = 12 * 3_600_000;
/** Stands for a proof that nobody knows of: it is never a recent one. */
export const neverProved = new Date(0);
/** Signing in once more ends the oldest one. */
export const maxSessionsPerUser = 50;

export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly tokenHash: string;
  readonly createdAt: Date;
  /** When the person last proved who they are. */
  readonly authenticatedAt: Date;
  readonly secondFactorAt: Date | null;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly address: string;
  readonly userAgent: string;
}

/** From where somebody signs in. */
export interface Place {
  readonly address: string;
  readonly userAgent: string;
}

/** Until when a session lasts that was created and used then. */
export const expiryOf = (createdAt: Date, usedAt: Date): Date =>
  new Date(Math.min(createdAt.getTime() + maxAgeMs, usedAt.getTime() + maxIdleMs));

const isRecent = (shownAt: Date | null, at: Date): boolean =>
  shownAt !== null && at.getTime() - shownAt.getTime() < operatorMs;

export const toSessionCaller = (session: Session, isAdmin: boolean, at: Date): SessionCaller => ({
  kind: "session",
  sessionId: session.id,
  userId: session.userId,
  operator: isAdmin && isRecent(session.secondFactorAt, at),
  authenticatedAt: session.authenticatedAt.toISOString(),
  secondFactorAt: session.secondFactorAt?.toISOString() ?? null,
});
