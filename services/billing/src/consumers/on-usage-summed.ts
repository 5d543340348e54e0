import { usageSummed } from "@topdog/contracts/events/usage-summed";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import type { ConsumerContext } from "@topdog/service/define";
import { addCosts } from "../store/plan-costs.ts";

/** Sums up what calls cost, by the plan that their payer has when their day's sum comes. */
export const onUsageSummed = ({ bus, db, logger, messagingMetrics: metrics }: ConsumerContext): Consumer =>
  createConsumer({
    bus,
    db,
    logger,
    metrics,
    durable: durableFor("billing", usageSummed.subject),
    event: usageSummed,
    handle: (trx, { version, sums }) => addCosts(trx, version, sums),
  });
