import type { Secret } from "@topdog/config/secret";
import type { SealedCredential } from "@topdog/contracts/byok";
import type { Logger } from "@topdog/telemetry/logger";
import { open } from "@topdog/vault/envelope";
import type { KeyWrapper } from "@topdog/vault/key-wrapper";

interface OpenerDeps {
  readonly vault: KeyWrapper;
  readonly logger: Logger;
  /** Its envelope does not open: another one may have been told since. */
  readonly onFailure: (tenant: string) => void;
}

/** Opens an envelope for one call; nothing keeps what comes out. Null, and a line in the log, when it does not open. */
export function createCredentialOpener({ vault, logger, onFailure }: OpenerDeps) {
  return async ({ envelope, addedBy, ...facts }: SealedCredential): Promise<Secret | null> => {
    try {
      return await open(vault, envelope, { ...facts, owner: addedBy });
    } catch (error) {
      logger.error({ err: error, credentialId: facts.id, kid: envelope.kid }, "a credential does not open");
      onFailure(facts.tenant);
      return null;
    }
  };
}
