import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { operator } from "../domain/caller.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createId, type RandomBytes } from "../store/key-material.ts";
import { insertUser, type User } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";

/** For operators. The user has no password until they set one by a mail. */
export async function createUser(deps: RegistryDeps, email: string): Promise<User> {
  return change(deps, "everyone", async (trx, at) => {
    const user = await addUser(trx, deps.randomBytes, email, at);
    if (user === null) throw new AppError("conflict", { detail: "This email address is taken." });
    return user;
  });
}

/** Null when the email is taken. */
export async function addUser(
  trx: Transaction,
  randomBytes: RandomBytes,
  email: string,
  at: Date,
  actor = operator,
): Promise<User | null> {
  const user = { id: createId("usr", randomBytes), email: email.trim().toLowerCase() };
  if (!(await insertUser(trx, user, at))) return null;
  await appendAudit(trx, {
    chain: `user:${user.id}`,
    at,
    actor,
    action: "user.created",
    target: user.id,
    details: {},
  });
  return user;
}
