import { createWakeup } from "@topdog/messaging/wakeup";
import type { Part } from "@topdog/service/part";
import { type DueWork, dueWork } from "./settle-webhooks.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/** Finds what other replicas stored and did not get to, and what is to be tried again. */
const idlePollMs = 1_000;
const errorBackoffMs = 2_000;
/** Customers that are fetched at once by one replica. None of them holds a connection while Stripe answers. */
const maxAtOnce = 16;

export interface WebhookWorker extends Part {
  wake(): void;
}

/** Settles the inbox: at once when an event arrives here, else at its next poll. One customer whom Stripe answers slowly delays no other. Any number may run over one database. */
export function createWebhookWorker(deps: StripeDeps): WebhookWorker {
  const wakeup = createWakeup();
  const stopping = new AbortController();
  const underWay = new Map<string, Promise<void>>();
  let running: Promise<void> | undefined;

  async function finish({ key, run }: DueWork): Promise<void> {
    try {
      await run();
    } catch (error) {
      deps.logger.warn({ err: error }, "events could neither be settled nor put off");
    } finally {
      underWay.delete(key);
      wakeup.wake();
    }
  }

  async function beginDue(): Promise<void> {
    if (underWay.size >= maxAtOnce) return;
    // What is under way is due until it is settled.
    for (const work of await dueWork(deps, maxAtOnce + underWay.size)) {
      if (underWay.size >= maxAtOnce) return;
      if (!underWay.has(work.key)) underWay.set(work.key, finish(work));
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await beginDue();
        await wakeup.wait(idlePollMs);
      } catch (error) {
        deps.logger.warn({ err: error }, "the webhook inbox could not be read and will be again");
        await wakeup.wait(errorBackoffMs);
      }
    }
    await Promise.all(underWay.values());
  }

  return {
    wake: () => wakeup.wake(),
    start: () => {
      running ??= loop();
    },
    stop: async () => {
      stopping.abort();
      wakeup.wake();
      await running;
    },
  };
}
