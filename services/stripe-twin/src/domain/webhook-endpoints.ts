import type { Tx } from "./state.ts";
import type { WebhookEndpoint } from "./types.ts";

export interface EndpointFields {
  readonly url: string;
  readonly enabledEvents: readonly string[];
  readonly apiVersion: string | null;
  readonly description: string | null;
  readonly metadata: Record<string, string>;
}

/** The secret is shown this once. `fixed`: an endpoint whose id and secret were agreed beforehand. */
export function addEndpoint(
  tx: Tx,
  fields: EndpointFields,
  fixed?: { readonly id: string; readonly secret: string },
): WebhookEndpoint & { secret: string } {
  const id = fixed?.id ?? tx.newId("we");
  const secret = fixed?.secret ?? tx.newId("whsec");
  const endpoint: WebhookEndpoint = {
    id,
    object: "webhook_endpoint",
    api_version: fields.apiVersion,
    application: null,
    created: tx.nowSeconds,
    description: fields.description,
    enabled_events: [...fields.enabledEvents],
    livemode: false,
    metadata: fields.metadata,
    status: "enabled",
    url: fields.url,
  };
  tx.put("webhook_endpoint", endpoint);
  tx.put("endpoint_secret", { id, secret });
  return { ...endpoint, secret };
}

export interface EndpointChange {
  readonly url?: string | undefined;
  readonly enabled_events?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
  readonly description?: string | null | undefined;
  readonly metadata?: Record<string, string> | undefined;
}

export function changeEndpoint(tx: Tx, id: string, change: EndpointChange): WebhookEndpoint {
  const before = tx.need("webhook_endpoint", id);
  const next: WebhookEndpoint = {
    ...before,
    url: change.url ?? before.url,
    enabled_events: [...(change.enabled_events ?? before.enabled_events)],
    status: change.disabled === undefined ? before.status : change.disabled ? "disabled" : "enabled",
    description: change.description === undefined ? before.description : change.description,
    metadata: { ...before.metadata, ...change.metadata },
  };
  tx.put("webhook_endpoint", next);
  return next;
}
