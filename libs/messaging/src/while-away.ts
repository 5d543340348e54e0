import { setTimeout as sleep } from "node:timers/promises";
import { isConnectionLoss } from "@topdog/postgres/failures";
import type { MessagingLogger } from "./logger.ts";

export interface AwayOptions {
  readonly durable: { readonly name: string };
  readonly logger: MessagingLogger;
  readonly stopping: AbortSignal;
  /** Asked after a lost connection: is it really our database that is away? Yes when absent. */
  readonly isAway?: () => Promise<boolean>;
}

const firstDelayMs = 100;
const maxDelayMs = 2_000;

/**
 * Repeats `work` for as long as it fails because the database cannot be reached; any other failure is thrown. An outage must
 * not use up an event's deliveries, or every event of that hour would end as a dead letter.
 */
export async function whileAway<T>(options: AwayOptions, work: () => Promise<T>): Promise<T> {
  const { durable, logger, stopping } = options;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await work();
    } catch (error) {
      if (stopping.aborted || !isConnectionLoss(error)) throw error;
      const isFirst = delayMs === firstDelayMs;
      if (!isFirst && options.isAway !== undefined && !(await options.isAway())) throw error;
      if (isFirst) logger.warn({ err: error, durable: durable.name }, "database is away; events wait");
      await sleep(delayMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}
