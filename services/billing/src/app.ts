import { replayDeadLetterOf } from "@topdog/contracts/rpc/replay-dead-letter";
import { callerVerifier } from "@topdog/http-kit/auth";
import { answerReplays } from "@topdog/messaging/answer-replays";
import { defineService } from "@topdog/service/define";
import { partOf } from "@topdog/service/part";
import { configSchema, paymentSettingsOf } from "./config.ts";
import { onMemberChanged } from "./consumers/on-member-changed.ts";
import { onOrgUpdated } from "./consumers/on-org-updated.ts";
import { onUsageSummed } from "./consumers/on-usage-summed.ts";
import { reconcileSubscriptionsJob } from "./jobs/reconcile-subscriptions.ts";
import { createStripeJobs, forgetOldRecordsJob } from "./jobs/jobs.ts";
import { createBillingMetrics } from "./metrics.ts";
import { answerCompareMembers, answerCompareOrgs } from "./responders/answer-compare-orgs.ts";
import { createRoutes } from "./routes/routes.ts";
import { openPayments } from "./usecases/open-payments.ts";
import { createPortalWatch } from "./usecases/watch-portal.ts";
import { createWebhookWorker } from "./usecases/webhook-worker.ts";

export const billing = defineService({
  name: "billing",
  needs: { database: true, bus: "required" },
  config: configSchema,
  // Of two: signatures and callers are judged by the real time, subscriptions by the time that Stripe has; a twin may be ahead.
  deps: { nowMs: Date.now, stripeNowMs: Date.now },
  build: ({ config, deps: { nowMs, stripeNowMs }, ...context }) => {
    const { db, logger } = context;
    const metrics = createBillingMetrics(context.metrics);
    const settings = paymentSettingsOf(config);
    const operations = settings === null ? null : openPayments({ settings, db, logger, metrics, nowMs: stripeNowMs });
    if (operations !== null) context.onStop("stripe", () => operations.stripe.close());
    const worker = operations === null ? null : createWebhookWorker(operations);
    const secrets = config.STRIPE_WEBHOOK_SECRET?.map((secret) => secret.reveal());
    const webhook =
      operations === null || worker === null || secrets === undefined
        ? null
        : { ...operations, secrets, livemode: operations.stripe.livemode, nowMs, wake: () => worker.wake() };
    const portal = { returnUrl: config.PORTAL_RETURN_URL, configurationId: config.STRIPE_PORTAL_CONFIGURATION_ID };
    const payments =
      operations === null
        ? null
        : { operations, portal, portalWatch: createPortalWatch(operations, portal.configurationId), webhook };
    const consumers = {
      "org.updated": onOrgUpdated(context),
      "member.changed": onMemberChanged(context),
      "usage.summed": onUsageSummed(context),
    };
    return {
      routes: createRoutes({
        db,
        regulatedLineup: config.REGULATED_LINEUP,
        nowMs: stripeNowMs,
        webhookBodyTimeoutMs: config.WEBHOOK_BODY_TIMEOUT_MS,
        payments,
      }),
      verifiers: { caller: callerVerifier({ publicKeys: config.CALLER_PUBLIC_KEYS, audience: "billing", nowMs }) },
      parts: {
        ...consumers,
        replays: partOf(() => answerReplays(context, replayDeadLetterOf.billing, Object.values(consumers))),
        "comparisons of orgs": partOf(() => answerCompareOrgs(context)),
        "comparisons of members": partOf(() => answerCompareMembers(context)),
        ...(worker === null ? {} : { "webhook inbox": worker }),
      },
      jobs: [
        forgetOldRecordsJob(db),
        reconcileSubscriptionsJob(context, metrics),
        ...(payments === null
          ? []
          : createStripeJobs(payments.operations, portal.configurationId, payments.portalWatch)),
      ],
      ...(payments === null ? {} : { features: { selling: async () => payments.portalWatch.assertNotWrong() } }),
    };
  },
});
