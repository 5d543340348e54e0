import type { Secret } from "@topdog/config/secret";
import type { SealedCredential } from "@topdog/contracts/byok";
import { checkCredential } from "@topdog/contracts/rpc/check-credential";
import type { Bus } from "@topdog/messaging/connect";
import { serveRpc } from "@topdog/messaging/rpc";
import type { Logger } from "@topdog/telemetry/logger";
import type { ByokOffers } from "../clients/byok-upstreams.ts";

interface CheckDeps {
  readonly offers: ByokOffers;
  readonly open: (credential: SealedCredential) => Promise<Secret | null>;
  readonly logger: Logger;
}

const maxInFlight = 32;
const timeoutMs = 5000;

/** Asks a credential's provider about it, for org-registry: the plaintext does not leave this process but to the provider. */
export const answerCheckCredential = (bus: Bus, { offers, open, logger }: CheckDeps): { stop(): Promise<void> } =>
  serveRpc(bus, checkCredential, {
    maxInFlight,
    logger,
    handle: async ({ credential }) => {
      const [upstream] = offers.upstreamsOf(credential.provider);
      if (upstream === undefined) return { result: "unsupported" };
      const secret = await open(credential);
      return { result: secret === null ? "unverified" : await upstream.provider.check(secret, timeoutMs) };
    },
  });
