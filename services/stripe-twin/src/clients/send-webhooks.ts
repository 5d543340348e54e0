import { stripeApiVersion } from "@topdog/stripe-api/version";
import { Stripe } from "stripe";
import { request } from "undici";
import { afterAttempt, nextDelivery } from "../domain/deliveries.ts";
import type { Delivery, DeliveryFault } from "../domain/records.ts";
import type { StripeEvent, WebhookEndpoint } from "../domain/types.ts";
import type { WebhookSource } from "../domain/webhook-source.ts";

export interface WebhookDeps {
  /** Real time: what a receiver compares a signature's time with. */
  readonly nowMs: () => number;
  readonly timeoutMs: number;
}

const oldSeconds = 400;
const futureSeconds = 10 * 365 * 86_400;
const oldApiVersion = "2024-12-18.acacia";
const wrongSecret = "whsec_of_nobody";

/** Sends what is due, one after the other, until nothing more is. */
export function webhookSender(deps: WebhookDeps): (source: WebhookSource) => Promise<void> {
  return async (source) => {
    for (let delivery = nextDelivery(source.state, source.nowSeconds()); delivery !== null;) {
      await sendOne(source, delivery, deps);
      delivery = nextDelivery(source.state, source.nowSeconds());
    }
  };
}

async function sendOne(source: WebhookSource, delivery: Delivery, deps: WebhookDeps): Promise<void> {
  const endpoint = source.state.webhook_endpoint.get(delivery.endpoint);
  const event = source.state.event.get(delivery.event);
  if (endpoint === undefined || event === undefined) {
    source.run((tx) => tx.remove("delivery", delivery.id));
    return;
  }
  const payload = bodyOf(event, delivery, endpoint);
  const secret = source.state.endpoint_secret.get(endpoint.id)?.secret ?? "";
  const status = await post(endpoint.url, payload, signatureOf(payload, secret, delivery.fault, deps), deps.timeoutMs);
  source.run((tx) => {
    const current = tx.find("delivery", delivery.id);
    if (current === undefined) return;
    const next = afterAttempt(current, event, status, tx.nowSeconds);
    if (next === null) tx.remove("delivery", delivery.id);
    else tx.put("delivery", next);
  });
}

function bodyOf(event: StripeEvent, { fault, staleObject }: Delivery, endpoint: WebhookEndpoint): string {
  return JSON.stringify({
    ...event,
    api_version: fault === "wrong_api_version" ? oldApiVersion : (endpoint.api_version ?? stripeApiVersion),
    livemode: fault === "other_mode",
    pending_webhooks: 1,
    data: staleObject === null ? event.data : { ...event.data, object: staleObject },
  });
}

const shiftSeconds: Partial<Record<DeliveryFault, number>> = {
  old_timestamp: -oldSeconds,
  future_timestamp: futureSeconds,
};

function signatureOf(payload: string, secret: string, fault: DeliveryFault | null, { nowMs }: WebhookDeps): string {
  const shift = fault === null ? 0 : (shiftSeconds[fault] ?? 0);
  return Stripe.webhooks.generateTestHeaderString({
    payload,
    secret: fault === "wrong_signature" ? wrongSecret : secret,
    timestamp: Math.floor(nowMs() / 1000) + shift,
  });
}

/** The status of the answer; 0 when there was none. */
async function post(url: string, body: string, signature: string, timeoutMs: number): Promise<number> {
  try {
    const answer = await request(url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": signature,
        "user-agent": "Stripe/1.0 (twin)",
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    // Any failure of the connection counts as an attempt that failed: it is tried again later.
    return 0;
  }
}
