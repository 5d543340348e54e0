import type { CredentialStatus, SealedCredential } from "@topdog/contracts/byok";
import { checkCredential } from "@topdog/contracts/rpc/check-credential";
import type { Bus } from "@topdog/messaging/connect";
import { callRpc } from "@topdog/messaging/rpc";
import type { Logger } from "@topdog/telemetry/logger";

const timeoutMs = 8000;

/** A router opens the envelope and asks the provider; without a router's answer the credential stays unverified. */
export function createCredentialChecker(bus: Bus, logger: Logger) {
  return async (credential: SealedCredential): Promise<CredentialStatus | "unsupported"> => {
    try {
      return (await callRpc(bus, checkCredential, { credential }, { timeoutMs })).result;
    } catch (error) {
      logger.warn({ err: error, credentialId: credential.id }, "a credential could not be checked");
      return "unverified";
    }
  };
}
