import { AppError } from "@topdog/errors/app-error";
import { operator } from "../domain/caller.ts";
import { findAccount } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { deleteTotp } from "../store/totp.ts";
import { change, type RegistryDeps } from "./change.ts";
import { endSessionsOf } from "./end-sessions.ts";

/**
 * For a person who has lost their authenticator app and its recovery codes. Whatever they may do they may still do, an operator once they have set up
 * another app and shown its code; their sessions end.
 */
export async function removeSecondFactor(
  deps: RegistryDeps,
  email: string,
  reason: string,
): Promise<{ userId: string }> {
  return change(deps, "everyone", async (trx, at) => {
    const account = await findAccount(trx, { email });
    if (account === null) throw new AppError("not_found", { detail: "There is no user with this email address." });
    const { userId } = account;
    await endSessionsOf(trx, userId, operator, at);
    if (!(await deleteTotp(trx, userId)))
      throw new AppError("conflict", { detail: "This user has no authenticator app." });
    const entry = { chain: `user:${userId}`, at, actor: operator, action: "totp.removed", target: userId } as const;
    await appendAudit(trx, { ...entry, reason, details: {} });
    return { userId };
  });
}
