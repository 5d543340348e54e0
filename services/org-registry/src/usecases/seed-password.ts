import { findAccount, markEmailVerified, savePassword } from "../store/accounts.ts";
import type { PasswordHashes } from "../store/password-hash.ts";
import { change, type RegistryDeps } from "./change.ts";

const passwordBytes = 12;

/** The password of the demo's users: the kept one if they still have it, else a new one for those who have none that is known. */
export async function seedPassword(
  deps: RegistryDeps & { readonly passwords: PasswordHashes },
  userIds: readonly string[],
  kept: string | undefined,
): Promise<string> {
  const password = kept ?? deps.randomBytes(passwordBytes).toString("base64url");
  const hash = await deps.passwords.create(password);
  return change(deps, "everyone", async (trx, at) => {
    for (const userId of userIds) {
      const account = await findAccount(trx, { userId });
      if (kept !== undefined && account?.passwordHash != null) continue;
      await savePassword(trx, userId, hash, at);
      await markEmailVerified(trx, userId, at);
    }
    return password;
  });
}
