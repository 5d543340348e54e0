import type { PasswordHashes } from "../store/password-hash.ts";
import type { SecretBox } from "../store/secret-box.ts";
import type { RegistryDeps } from "./change.ts";

/** What signing in takes beside the registry's own. */
export interface AuthDeps extends RegistryDeps {
  readonly passwords: PasswordHashes;
  /** Seals what must be read again: the secrets of authenticator apps. */
  readonly secretBox: SecretBox;
}
