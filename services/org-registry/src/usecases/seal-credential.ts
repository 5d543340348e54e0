import type { CredentialStatus } from "@topdog/contracts/byok";
import type { Secret } from "@topdog/config/secret";
import { AppError } from "@topdog/errors/app-error";
import { type Envelope, seal } from "@topdog/vault/envelope";
import { type Credential, lastFourOf } from "../domain/credential.ts";
import type { CredentialDeps } from "./credential-deps.ts";

export interface CheckedSecret {
  readonly envelope: Envelope;
  readonly fingerprint: string;
  readonly lastFour: string;
  readonly status: CredentialStatus;
  /** Null when the provider could not be asked. */
  readonly checkedAt: Date | null;
}

/** Seals a secret for its record and asks the provider about it. Nothing but the envelope leaves this function. */
export async function sealAndCheck(
  deps: CredentialDeps,
  { id, tenant, addedBy, provider, version }: Pick<Credential, "id" | "tenant" | "addedBy" | "provider" | "version">,
  secret: Secret,
): Promise<CheckedSecret> {
  const envelope = await seal(deps.vault, secret, { tenant, owner: addedBy, id, provider, version });
  const status = await deps.check({ id, tenant, addedBy, provider, version, envelope });
  if (status === "unsupported") {
    const detail = `provider: credentials for '${provider}' cannot be used here.`;
    throw new AppError("invalid_request", { detail, param: "provider" });
  }
  return {
    envelope,
    status,
    fingerprint: deps.fingerprint(tenant, provider, secret.reveal()),
    lastFour: lastFourOf(secret.reveal()),
    checkedAt: status === "unverified" ? null : new Date(deps.nowMs()),
  };
}
