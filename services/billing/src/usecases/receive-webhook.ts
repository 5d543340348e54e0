import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import { stripeApiVersion } from "@topdog/stripe-api/version";
import { judgeSignature, signatureSkewSeconds } from "../clients/stripe/webhook-signature.ts";
import { needsWork, parseWebhookEvent } from "../domain/webhook-event.ts";
import type { BillingMetrics } from "../metrics.ts";
import { addWebhookEvent } from "../store/webhook-events.ts";

export interface ReceiveWebhookDeps {
  readonly db: Database;
  readonly secrets: readonly string[];
  /** Of our own key. */
  readonly livemode: boolean;
  readonly nowMs: () => number;
  readonly logger: Logger;
  readonly metrics: BillingMetrics;
  /** Tells the worker that there is something to do. */
  readonly wake: () => void;
}

/**
 * Stores an event and answers: the work comes after. Only what is not believed or could not be stored is refused; a type that nobody
 * knows is taken, or Stripe would send it for days.
 */
export async function receiveWebhook(
  deps: ReceiveWebhookDeps,
  body: Buffer,
  signature: string | undefined,
): Promise<"stored" | "duplicate"> {
  const verdict = judgeSignature(body, signature, deps.secrets, deps.nowMs());
  if (verdict === "outside_tolerance") {
    const skewSeconds = signatureSkewSeconds(signature, deps.nowMs());
    deps.logger.warn(
      { skewSeconds },
      "an event was signed at another time than ours: its sender's clock, ours, or a replay",
    );
  }
  if (verdict !== "ok")
    return refuse(deps, verdict, "The signature is missing, wrong, or too far from the present time.");
  const event = parseWebhookEvent(parseJson(body));
  if (event === null) return refuse(deps, "not_an_event", "The body is not an event.");
  if (event.livemode !== deps.livemode) {
    deps.logger.error({ eventId: event.id, livemode: event.livemode }, "an event of Stripe's other mode was refused");
    return refuse(deps, "wrong_mode", "The event is of Stripe's other mode.");
  }
  if (event.apiVersion !== null && event.apiVersion !== stripeApiVersion) deps.metrics.foreignVersions.inc();
  const fresh = await addWebhookEvent(deps.db, event);
  deps.metrics.webhooks.inc({ outcome: !fresh ? "duplicate" : needsWork(event) ? "stored" : "ignored" });
  deps.logger.info({ eventId: event.id, type: event.type, customerId: event.customerId, fresh }, "event received");
  if (fresh) deps.wake();
  return fresh ? "stored" : "duplicate";
}

function refuse(
  { metrics }: ReceiveWebhookDeps,
  reason: "malformed" | "wrong_signature" | "outside_tolerance" | "wrong_mode" | "not_an_event",
  detail: string,
): never {
  metrics.webhooks.inc({ outcome: "refused" });
  metrics.webhookRefusals.inc({ reason });
  throw new AppError("invalid_request", { detail });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}
