import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { durableFor } from "@topdog/contracts/topology";
import type { Consumer } from "@topdog/messaging/consume";
import { createBatchConsumer } from "@topdog/messaging/consume-batch";
import type { ConsumerContext } from "@topdog/service/define";
import { countUsage } from "../usecases/count-usage.ts";

const maxMessages = 16;
const maxEvents = 1_000;
/** Nobody waits for these figures: larger batches are cheaper. */
const maxWaitMs = 500;

/** Sums up what each tenant uses a day. Idempotent by the usage's own id, so a batch needs no processed-event rows. */
export const onUsageConsumed = ({ bus, db, logger, messagingMetrics: metrics }: ConsumerContext): Consumer =>
  createBatchConsumer({
    bus,
    durable: durableFor("org-registry", usageConsumed.subject),
    event: usageConsumed,
    maxMessages,
    maxEvents,
    maxWaitMs,
    logger,
    metrics,
    handle: (items) =>
      countUsage(
        db,
        items.map(({ payload }) => payload),
      ),
  });
