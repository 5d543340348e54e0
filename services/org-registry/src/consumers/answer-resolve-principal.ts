import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import type { Bus } from "@topdog/messaging/connect";
import { serveRpc } from "@topdog/messaging/rpc";
import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import type { RegistryMetrics } from "../metrics.ts";
import { resolvePrincipalOf } from "../usecases/resolve-principal.ts";

export interface ResolverDeps {
  readonly bus: Bus;
  readonly db: Database;
  readonly logger: Logger;
  readonly metrics: RegistryMetrics;
  readonly maxInFlight: number;
}

/** Answers the gateways' cache misses. Instances share one queue. */
export function answerResolvePrincipal({ bus, db, logger, metrics, maxInFlight }: ResolverDeps): {
  stop(): Promise<void>;
} {
  return serveRpc(bus, resolvePrincipal, {
    maxInFlight,
    logger,
    handle: async ({ keyHash }) => {
      const startedMs = performance.now();
      const seconds = (): number => (performance.now() - startedMs) / 1000;
      try {
        const principal = await resolvePrincipalOf(db, keyHash);
        metrics.principalResolved(principal === null ? "refused" : "found", seconds());
        return { principal };
      } catch (error) {
        metrics.principalResolved("failed", seconds());
        throw error;
      }
    },
  });
}
