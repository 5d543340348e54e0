import { createWakeup } from "@topdog/messaging/wakeup";
import type { Part } from "@topdog/service/part";
import { settleWebhooks } from "./settle-webhooks.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/** Finds what other replicas stored and did not get to, and what is to be tried again. */
const idlePollMs = 1_000;
const errorBackoffMs = 2_000;

export interface WebhookWorker extends Part {
  wake(): void;
}

/** Settles the inbox: at once when an event arrives here, else at its next poll. Any number may run over one database. */
export function createWebhookWorker(deps: StripeDeps): WebhookWorker {
  const wakeup = createWakeup();
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const worked = await settleWebhooks(deps);
        if (!worked) await wakeup.wait(idlePollMs);
      } catch (error) {
        deps.logger.warn({ err: error }, "the webhook inbox could not be read and will be again");
        await wakeup.wait(errorBackoffMs);
      }
    }
  };
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
