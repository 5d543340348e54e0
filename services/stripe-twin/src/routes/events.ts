import type Stripe from "stripe";
import { z } from "zod";
import { addEndpoint, changeEndpoint } from "../domain/webhook-endpoints.ts";
import type { Tx } from "../domain/state.ts";
import type { StripeEvent } from "../domain/types.ts";
import { endpoint } from "./api/endpoint.ts";
import { bool, clearable, created, expand, metadata, paging, paramsOf, text, url } from "./api/fields.ts";
import { isWithin, pageOf } from "./api/list.ts";

const eventSeconds = 30 * 86_400;

/** What is still to be delivered of each event, and has not been given up. */
function undelivered(tx: Tx): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { event } of tx.all("delivery")) counts.set(event, (counts.get(event) ?? 0) + 1);
  return counts;
}

const shown = (event: StripeEvent, waiting: ReadonlyMap<string, number>): StripeEvent => ({
  ...event,
  pending_webhooks: waiting.get(event.id) ?? 0,
});

const matches = (type: string, wanted: string): boolean =>
  wanted.endsWith("*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;

const enabledEvents = z.array(z.string().max(100)).min(1).max(300);

export const eventEndpoints = [
  endpoint(
    "GET",
    "/v1/events",
    paramsOf<Stripe.EventListParams>()({
      ...paging,
      type: text.optional(),
      types: z.array(text).max(20).optional(),
      delivery_success: bool.optional(),
      created,
    }),
    (tx, { params }) => {
      const waiting = undelivered(tx);
      const kept = tx
        .all("event")
        .filter(
          (event) =>
            event.created > tx.nowSeconds - eventSeconds &&
            (params.type === undefined || matches(event.type, params.type)) &&
            (params.types === undefined || params.types.includes(event.type)) &&
            (params.delivery_success === undefined || params.delivery_success !== waiting.has(event.id)) &&
            isWithin(event.created, params.created),
        );
      const page = pageOf(kept, params, "/v1/events");
      return { ...page, data: page.data.map((event) => shown(event, waiting)) };
    },
  ),
  endpoint("GET", "/v1/events/:id", z.strictObject({ expand }), (tx, call) =>
    shown(tx.need("event", call.id), undelivered(tx)),
  ),
  endpoint(
    "POST",
    "/v1/webhook_endpoints",
    paramsOf<Stripe.WebhookEndpointCreateParams>()({
      url,
      enabled_events: enabledEvents,
      api_version: text.optional(),
      description: clearable(text).optional(),
      metadata: metadata.optional(),
      connect: bool.optional(),
      expand,
    }),
    (tx, { params }) =>
      addEndpoint(tx, {
        url: params.url,
        enabledEvents: params.enabled_events,
        apiVersion: params.api_version ?? null,
        description: params.description ?? null,
        metadata: params.metadata ?? {},
      }),
  ),
  endpoint("GET", "/v1/webhook_endpoints", z.strictObject(paging), (tx, { params }) =>
    pageOf(tx.all("webhook_endpoint"), params, "/v1/webhook_endpoints"),
  ),
  endpoint("GET", "/v1/webhook_endpoints/:id", z.strictObject({ expand }), (tx, call) =>
    tx.need("webhook_endpoint", call.id),
  ),
  endpoint(
    "POST",
    "/v1/webhook_endpoints/:id",
    paramsOf<Stripe.WebhookEndpointUpdateParams>()({
      url: url.optional(),
      enabled_events: enabledEvents.optional(),
      disabled: bool.optional(),
      description: clearable(text).optional(),
      metadata: metadata.optional(),
      expand,
    }),
    (tx, call) => changeEndpoint(tx, call.id, call.params),
  ),
  endpoint("DELETE", "/v1/webhook_endpoints/:id", z.strictObject({}), (tx, call) => {
    const { id: gone } = tx.need("webhook_endpoint", call.id);
    tx.remove("webhook_endpoint", gone);
    tx.remove("endpoint_secret", gone);
    for (const delivery of tx.all("delivery")) if (delivery.endpoint === gone) tx.remove("delivery", delivery.id);
    return { id: gone, object: "webhook_endpoint", deleted: true };
  }),
];
