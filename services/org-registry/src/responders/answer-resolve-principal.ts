import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import { serveRpc } from "@topdog/messaging/rpc";
import type { ConsumerContext } from "@topdog/service/define";
import type { RegistryMetrics } from "../metrics.ts";
import { resolvePrincipalOf } from "../usecases/resolve-principal.ts";

interface ResolverDeps extends Pick<ConsumerContext, "bus" | "db" | "logger"> {
  readonly metrics: RegistryMetrics;
  readonly maxInFlight: number;
  readonly nowMs: () => number;
}

/** Answers the gateways' cache misses. Instances share one queue. */
export function answerResolvePrincipal({ bus, logger, metrics, maxInFlight, ...deps }: ResolverDeps): {
  stop(): Promise<void>;
} {
  return serveRpc(bus, resolvePrincipal, {
    maxInFlight,
    logger,
    handle: async ({ keyHash }) => {
      const startedMs = performance.now();
      const count = (outcome: "found" | "refused" | "failed"): void => {
        metrics.principalLookups.inc({ outcome });
        metrics.principalLookupSeconds.observe((performance.now() - startedMs) / 1000);
      };
      try {
        const principal = await resolvePrincipalOf(deps, keyHash);
        count(principal === null ? "refused" : "found");
        return { principal };
      } catch (error) {
        count("failed");
        throw error;
      }
    },
  });
}
