import { randomBytes } from "node:crypto";
import { callerVerifier } from "@topdog/http-kit/auth";
import { defineService } from "@topdog/service/define";
import { partOf } from "@topdog/service/part";
import { configSchema } from "./config.ts";
import { onSubscriptionUpdated } from "./consumers/on-subscription-updated.ts";
import { completeOrgDeletions } from "./jobs/complete-org-deletions.ts";
import { createRegistryMetrics } from "./metrics.ts";
import { answerListChanges } from "./responders/answer-list-changes.ts";
import { answerResolvePrincipal } from "./responders/answer-resolve-principal.ts";
import { createRoutes } from "./routes/routes.ts";

export const orgRegistry = defineService({
  name: "org-registry",
  needs: { database: true, bus: "required" },
  config: configSchema,
  deps: { nowMs: Date.now, randomBytes },
  build: ({ config, deps, metrics: registry, ...context }) => {
    const metrics = createRegistryMetrics(registry);
    const maxInFlight = config.RPC_MAX_IN_FLIGHT;
    return {
      routes: createRoutes({ db: context.db, ...deps }),
      verifiers: {
        caller: callerVerifier({
          publicKeys: config.CALLER_PUBLIC_KEYS,
          audience: "org-registry",
          nowMs: deps.nowMs,
        }),
      },
      jobs: [completeOrgDeletions({ db: context.db, ...deps })],
      parts: {
        "subscription.updated": onSubscriptionUpdated({ ...context, metrics, nowMs: deps.nowMs }),
        "principal look-ups": partOf(() => answerResolvePrincipal({ ...context, metrics, maxInFlight })),
        "principal changes": partOf(() => answerListChanges(context)),
      },
    };
  },
});
