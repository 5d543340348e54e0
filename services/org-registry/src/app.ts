import { randomBytes } from "node:crypto";
import { callerVerifier } from "@topdog/http-kit/auth";
import { defineService } from "@topdog/service/define";
import { partOf } from "@topdog/service/part";
import { createKeyring } from "@topdog/vault/keyring";
import { createCredentialChecker } from "./clients/credential-checker.ts";
import { configSchema } from "./config.ts";
import { onSubscriptionUpdated } from "./consumers/on-subscription-updated.ts";
import { completeOrgDeletions } from "./jobs/complete-org-deletions.ts";
import { disableBlockedCredentialsJob } from "./jobs/disable-blocked-credentials.ts";
import { createRegistryMetrics } from "./metrics.ts";
import { answerListChanges } from "./responders/answer-list-changes.ts";
import { answerListCredentials } from "./responders/answer-list-credentials.ts";
import { answerResolvePrincipal } from "./responders/answer-resolve-principal.ts";
import { createRoutes } from "./routes/routes.ts";
import { fingerprintWith } from "./store/fingerprint.ts";

export const orgRegistry = defineService({
  name: "org-registry",
  needs: { database: true, bus: "required" },
  config: configSchema,
  deps: { nowMs: Date.now, randomBytes },
  build: ({ config, deps, metrics: metricRegistry, ...context }) => {
    const metrics = createRegistryMetrics(metricRegistry);
    const maxInFlight = config.RPC_MAX_IN_FLIGHT;
    const registry = { db: context.db, ...deps };
    const credentials = {
      ...registry,
      vault: createKeyring(config.VAULT_KEYS),
      fingerprint: fingerprintWith(config.CREDENTIAL_FINGERPRINT_KEY.reveal()),
      check: createCredentialChecker(context.bus, context.logger),
    };
    return {
      routes: createRoutes(credentials),
      verifiers: {
        caller: callerVerifier({
          publicKeys: config.CALLER_PUBLIC_KEYS,
          audience: "org-registry",
          nowMs: deps.nowMs,
        }),
      },
      parts: {
        "subscription.updated": onSubscriptionUpdated({ ...context, metrics, nowMs: deps.nowMs }),
        "principal look-ups": partOf(() => answerResolvePrincipal({ ...context, metrics, maxInFlight })),
        "principal changes": partOf(() => answerListChanges(context)),
        "lists of credentials": partOf(() => answerListCredentials({ ...context, maxInFlight })),
      },
      jobs: [completeOrgDeletions(registry), disableBlockedCredentialsJob(registry, config.BYOK_GRACE_MS)],
    };
  },
});
