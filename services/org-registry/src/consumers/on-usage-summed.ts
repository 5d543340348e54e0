import { usageSummed } from "@topdog/contracts/events/usage-summed";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import type { ConsumerContext } from "@topdog/service/define";
import { actFor } from "../store/acting.ts";
import { takeSums } from "../store/daily-usage.ts";

/** Keeps what each member used on each day, as quota's ledger has it. */
export const onUsageSummed = ({ bus, db, logger, messagingMetrics: metrics }: ConsumerContext): Consumer =>
  createConsumer({
    bus,
    db,
    logger,
    metrics,
    durable: durableFor("org-registry", usageSummed.subject),
    event: usageSummed,
    handle: async (trx, { version, sums }) => {
      await actFor(trx, "everyone");
      await takeSums(trx, version, sums);
    },
  });
