import { randomBytes } from "node:crypto";
import { replayDeadLetterOf } from "@topdog/contracts/rpc/replay-dead-letter";
import { callerVerifier } from "@topdog/http-kit/auth";
import { answerReplays } from "@topdog/messaging/answer-replays";
import { defineService } from "@topdog/service/define";
import { partOf } from "@topdog/service/part";
import { createKeyring } from "@topdog/vault/keyring";
import { createDeadLetters } from "./clients/dead-letters.ts";
import { createCredentialChecker } from "./clients/credential-checker.ts";
import { createLedgerClient } from "./clients/usage-ledger.ts";
import { configSchema } from "./config.ts";
import { onSubscriptionUpdated } from "./consumers/on-subscription-updated.ts";
import { onUsageSummed } from "./consumers/on-usage-summed.ts";
import { createOidcProvider } from "./clients/oidc-provider.ts";
import { mailerOf } from "./clients/mailer.ts";
import { deleteExpiredJob, sendMailsJob } from "./jobs/auth-jobs.ts";
import { anchorAuditHeads } from "./jobs/anchor-audit-heads.ts";
import { completeOrgDeletions } from "./jobs/complete-org-deletions.ts";
import { disableBlockedCredentialsJob } from "./jobs/disable-blocked-credentials.ts";
import { lapseInvitationsJob, sendInvitationsJob } from "./jobs/invitation-jobs.ts";
import { compareUsageJob } from "./jobs/usage-jobs.ts";
import { reconcileOrgsJobs } from "./jobs/reconcile-orgs.ts";
import { createRegistryMetrics, type SignInOutcome } from "./metrics.ts";
import { answerCompareEntitlements } from "./responders/answer-compare-entitlements.ts";
import { answerListChanges } from "./responders/answer-list-changes.ts";
import { answerListCredentials } from "./responders/answer-list-credentials.ts";
import { answerNoteKeyUses } from "./responders/answer-note-key-uses.ts";
import { answerResolvePrincipal } from "./responders/answer-resolve-principal.ts";
import { answerResolveSession } from "./responders/answer-resolve-session.ts";
import { answerResolveStanding } from "./responders/answer-resolve-standing.ts";
import { withAuditKeys } from "./store/audit-keys.ts";
import { devMailRoutes } from "./routes/dev-mails.ts";
import { createRoutes } from "./routes/routes.ts";
import { fingerprintWith } from "./store/fingerprint.ts";
import type { SendMailsDeps } from "./usecases/send-mails.ts";
import type { Job } from "@topdog/service/job";
import { createPasswordHashes, productionCost } from "./store/password-hash.ts";
import { createTotpSecrets } from "./store/totp-secrets.ts";

const mailJobs = (deps: SendMailsDeps): Job[] => [sendMailsJob(deps), sendInvitationsJob(deps)];

export const orgRegistry = defineService({
  name: "org-registry",
  needs: { database: true, bus: "required" },
  config: configSchema,
  deps: { nowMs: Date.now, randomBytes, hashCost: productionCost },
  build: ({ config, deps, metrics: metricRegistry, ...given }) => {
    const context = { ...given, db: withAuditKeys(given.db, config.AUDIT_KEYS) };
    const metrics = createRegistryMetrics(metricRegistry);
    const maxInFlight = config.RPC_MAX_IN_FLIGHT;
    const { nowMs } = deps;
    const registry = { db: context.db, ...deps };
    const vault = createKeyring(config.VAULT_KEYS);
    const sendMail = mailerOf(config, nowMs);
    const canSendMail = sendMail !== null;
    const auth = {
      ...registry,
      passwords: createPasswordHashes(deps.hashCost),
      totpSecrets: createTotpSecrets(vault, config.AUTH_SECRET),
      publicUrl: config.PUBLIC_URL,
      onSignIn: (outcome: SignInOutcome) => metrics.signIns.inc({ outcome }),
      canSendMail,
      oidc: createOidcProvider(config, nowMs),
    };
    const credentials = {
      ...registry,
      vault,
      fingerprint: fingerprintWith(config.CREDENTIAL_FINGERPRINT_KEY.reveal()),
      check: createCredentialChecker(context.bus, context.logger),
    };
    const deadLetters = createDeadLetters(context.bus);
    const consumers = {
      "subscription.updated": onSubscriptionUpdated({ ...context, metrics, nowMs }),
      "usage.summed": onUsageSummed(context),
    };
    return {
      routes: [...createRoutes({ ...credentials, ...auth, deadLetters }), ...devMailRoutes(config)],
      verifiers: {
        caller: callerVerifier({
          publicKeys: config.CALLER_PUBLIC_KEYS,
          audience: "org-registry",
          nowMs,
        }),
      },
      parts: {
        ...consumers,
        replays: partOf(() => answerReplays(context, replayDeadLetterOf["org-registry"], Object.values(consumers))),
        "uses of keys": partOf(() => answerNoteKeyUses({ ...context, nowMs })),
        "principal look-ups": partOf(() => answerResolvePrincipal({ ...context, metrics, maxInFlight, nowMs })),
        "principal changes": partOf(() => answerListChanges(context)),
        "lists of credentials": partOf(() => answerListCredentials({ ...context, maxInFlight })),
        "looks at standings": partOf(() => answerResolveStanding({ ...context, maxInFlight })),
        "comparisons of entitlements": partOf(() => answerCompareEntitlements(context)),
        "session look-ups": partOf(() => answerResolveSession({ ...context, nowMs, maxInFlight })),
      },
      jobs: [
        completeOrgDeletions(registry),
        anchorAuditHeads(registry),
        disableBlockedCredentialsJob(registry, config.BYOK_GRACE_MS),
        deleteExpiredJob(registry),
        lapseInvitationsJob(registry),
        ...reconcileOrgsJobs(context, metrics),
        compareUsageJob({
          ...registry,
          askLedger: createLedgerClient(context.bus),
          onCompared: (compared, disagreeing) => {
            metrics.comparedTenants.inc(compared);
            metrics.disagreeingTenants.set(disagreeing);
          },
        }),
        ...(sendMail === null ? [] : mailJobs({ ...registry, ...context, publicUrl: config.PUBLIC_URL, sendMail })),
      ],
    };
  },
});
