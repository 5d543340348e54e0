import type { PasswordHashes } from "../store/password-hash.ts";
import type { TotpSecrets } from "../store/totp-secrets.ts";
import type { RegistryDeps } from "./change.ts";

/** What signing in takes beside the registry's own. */
export interface AuthDeps extends RegistryDeps {
  readonly passwords: PasswordHashes;
  readonly totpSecrets: TotpSecrets;
}
