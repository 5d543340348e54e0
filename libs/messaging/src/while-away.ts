import { setTimeout as sleep } from "node:timers/promises";
import { isConnectionLoss, isServerUnable } from "@topdog/postgres/failures";
import type { MessagingLogger } from "./logger.ts";

export interface AwayOptions {
  readonly durable: { readonly name: string };
  readonly logger: MessagingLogger;
  readonly stopping: AbortSignal;
  /** Asked after a lost connection: is it really our database that is away? Yes when absent. */
  readonly isAway?: () => Promise<boolean>;
  /** Called while the work waits: it is no sign that the handler hangs. */
  readonly onWaiting?: () => void;
}

const firstDelayMs = 100;
const maxDelayMs = 2_000;

/**
 * Repeats `work` for as long as it fails because the database cannot be reached or cannot take it now (read-only, a full disk); any
 * other failure is thrown. An outage must not use up an event's deliveries, or every event of that hour would end as a dead letter.
 */
export async function whileAway<T>(options: AwayOptions, work: () => Promise<T>): Promise<T> {
  const { durable, logger, stopping } = options;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await work();
    } catch (error) {
      const isUnable = isServerUnable(error);
      if (stopping.aborted || !(isUnable || isConnectionLoss(error))) throw error;
      const isFirst = delayMs === firstDelayMs;
      // That the server refuses it is said by the server itself, whatever else it answers.
      if (!isUnable && !isFirst && options.isAway !== undefined && !(await options.isAway())) throw error;
      if (isFirst) logger.warn({ err: error, durable: durable.name }, "database is away; events wait");
      options.onWaiting?.();
      await sleep(delayMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}
