import type { EventDefinition } from "@topdog/contracts/event";
import { singleUsageConsumed, type UsageConsumed, usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { durableFor } from "@topdog/contracts/topology";
import type { Consumer } from "@topdog/messaging/consume";
import { createBatchConsumer } from "@topdog/messaging/consume-batch";
import type { ConsumerContext } from "@topdog/service/define";
import type { QuotaDeps } from "../usecases/deps.ts";
import { recordUsage } from "../usecases/record-usage.ts";

const maxMessages = 16;
/** Of the form that holds one record in each message. */
const maxSingleMessages = 500;
/** In one transaction, which keeps the buckets of all its records locked: lease syncs wait for it. */
const maxEvents = 500;
/** The ledger writes one batch while the next is parsed and checked. */
const lanes = 2;
/** What a lone message waits for company. */
const maxWaitMs = 50;

/** Completes the ledger. Idempotent by the ledger's own key, so a batch needs no processed-event rows. */
function usageConsumer(
  event: EventDefinition<UsageConsumed>,
  messages: number,
  context: ConsumerContext,
  deps: QuotaDeps,
  nowMs: () => number,
): Consumer {
  return createBatchConsumer({
    bus: context.bus,
    durable: durableFor("quota", event.subject),
    event,
    maxMessages: messages,
    lanes,
    maxEvents,
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

export const onUsageConsumed = (context: ConsumerContext, deps: QuotaDeps, nowMs: () => number): Consumer =>
  usageConsumer(usageConsumed, maxMessages, context, deps, nowMs);

/** From routers and gateways of the last release, during a rolling deploy. */
export const onSingleUsageConsumed = (context: ConsumerContext, deps: QuotaDeps, nowMs: () => number): Consumer =>
  usageConsumer(singleUsageConsumed, maxSingleMessages, context, deps, nowMs);
