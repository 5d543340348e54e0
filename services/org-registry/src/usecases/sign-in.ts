import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { expiryOf, maxSessionsPerUser, type Place, type Session } from "../domain/session.ts";
import { type Account, findAccount } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createId, createToken } from "../store/key-material.ts";
import { insertSession, listSessions } from "../store/sessions.ts";
import { lockUser } from "../store/users.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { change, read } from "./change.ts";
import { endOne } from "./end-sessions.ts";
import { forgiveAttempts, guessLimits, limitAttempts } from "./limit-attempts.ts";
import { checkSecondFactor, requireFactor } from "./second-factor.ts";

export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Of the authenticator app, or a recovery code. */
  readonly code?: string | undefined;
}

export interface SignedIn {
  readonly session: Session;
  readonly account: Account;
  /** For the cookie: it is stored nowhere. */
  readonly token: string;
}

/** Throws AppError 401 or 429, the same for a wrong password and for an address without an account. */
export async function signIn(deps: AuthDeps, { email, password, code }: Credentials, place: Place): Promise<SignedIn> {
  const { db, nowMs, passwords } = deps;
  const limits = guessLimits(email, place.address);
  await limitAttempts(db, limits, nowMs());
  const account = await read(db, "everyone", (trx) => findAccount(trx, { email }));
  const isRight = await passwords.verify(password, account?.passwordHash ?? null);
  if (account === null || !isRight) throw new AppError("wrong_credentials");
  const secondFactorAt = await checkSecondFactor(deps, account.userId, code);
  await forgiveAttempts(db, limits);
  return change(deps, { userId: account.userId }, async (trx, at) => {
    await requireUnchanged(trx, account);
    await requireFactor(trx, account.userId, secondFactorAt);
    return startSession(deps, trx, account, { place, secondFactorAt, authenticatedAt: at }, at);
  });
}

/** A password that was changed while it was checked is a wrong one by now. Holds the user, so that no change comes in between. */
async function requireUnchanged(trx: Transaction, account: Account): Promise<void> {
  await lockUser(trx, account.userId);
  const now = await findAccount(trx, { userId: account.userId });
  if (now?.passwordHash !== account.passwordHash) throw new AppError("wrong_credentials");
}

/** How, and when, somebody showed who they are. */
interface Proof {
  readonly place: Place;
  readonly authenticatedAt: Date;
  readonly secondFactorAt: Date | null;
}

export async function startSession(
  { randomBytes }: AuthDeps,
  trx: Transaction,
  account: Account,
  { place, secondFactorAt, authenticatedAt }: Proof,
  at: Date,
): Promise<SignedIn> {
  const { userId } = account;
  const actor = `user:${userId}`;
  const others = await listSessions(trx, userId, at);
  for (const oldest of others.slice(maxSessionsPerUser - 1)) await endOne(trx, oldest, actor, at);
  const { token, hash } = createToken(randomBytes);
  const session: Session = {
    id: createId("ses", randomBytes),
    userId,
    tokenHash: hash,
    createdAt: at,
    authenticatedAt,
    secondFactorAt,
    lastSeenAt: at,
    expiresAt: expiryOf(at, at),
    ...place,
  };
  await insertSession(trx, session);
  const details = { secondFactor: secondFactorAt !== null };
  await appendAudit(trx, {
    chain: `user:${userId}`,
    at,
    actor,
    action: "session.created",
    target: session.id,
    details,
  });
  return { session, account, token };
}
