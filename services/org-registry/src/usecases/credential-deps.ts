import type { CredentialStatus, SealedCredential } from "@topdog/contracts/byok";
import type { KeyWrapper } from "@topdog/vault/key-wrapper";
import type { Tenant } from "../domain/credential.ts";
import type { RegistryDeps } from "./change.ts";

export interface CredentialDeps extends RegistryDeps {
  readonly vault: KeyWrapper;
  /** HMAC of a secret within its tenant: tells nothing across tenants. */
  readonly fingerprint: (tenant: Tenant, provider: string, secret: string) => string;
  /** Asks the provider whether it accepts the credential; never rejects. */
  readonly check: (credential: SealedCredential) => Promise<CredentialStatus | "unsupported">;
}
