import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createBatchConsumer } from "@topdog/messaging/consume";
import type { ConsumerContext } from "@topdog/service/define";
import type { QuotaDeps } from "../usecases/deps.ts";
import { recordUsage } from "../usecases/record-usage.ts";

const maxBatch = 500;
/** What a lone record waits for company: the ledger is minutes ahead of anyone who reads it, batches are what makes it cheap. */
const maxWaitMs = 50;

/** Completes the ledger. Idempotent by the ledger's own key, so a batch needs no processed-event rows. */
export function onUsageConsumed(context: ConsumerContext, deps: QuotaDeps, nowMs: () => number): Consumer {
  return createBatchConsumer({
    bus: context.bus,
    durable: durableFor("quota", usageConsumed.subject),
    event: usageConsumed,
    maxBatch,
    maxWaitMs,
    logger: context.logger,
    metrics: context.messagingMetrics,
    handle: (items) =>
      recordUsage(
        deps,
        items.map(({ payload }) => payload),
        nowMs(),
      ),
  });
}
