import { AppError } from "@topdog/errors/app-error";
import { operator } from "../domain/caller.ts";
import { findAccount, updateAdmin } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { change, type RegistryDeps } from "./change.ts";
import { endSessionsOf } from "./end-sessions.ts";

/** Gives or takes the admin role. The user signs in again: what a gateway remembers of them is of before. */
export async function makeOperator(deps: RegistryDeps, email: string, isAdmin: boolean): Promise<{ userId: string }> {
  return change(deps, "everyone", async (trx, at) => {
    const account = await findAccount(trx, { email });
    if (account === null) throw new AppError("not_found", { detail: "There is no user with this email address." });
    const { userId } = account;
    if (account.isAdmin === isAdmin) return { userId };
    await endSessionsOf(trx, userId, operator, at);
    await updateAdmin(trx, userId, isAdmin);
    const action = isAdmin ? "operator.made" : "operator.unmade";
    await appendAudit(trx, { chain: `user:${userId}`, at, actor: operator, action, target: userId, details: {} });
    return { userId };
  });
}
