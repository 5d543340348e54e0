/** What the call took of its buckets, as meters: `api_calls, llm_requests`, or `none`. Gateways say it of calls that they refuse. */
export const chargedHeader = "x-topdog-charged";

/**
 * What a router tells the caller of how a call was served. The one list: routers write no other, gateways pass these on, pages
 * elsewhere may read them, and the OpenAPI document describes each.
 */
export const servedHeaderNames = [
  chargedHeader,
  "x-topdog-provider",
  "x-topdog-model",
  "x-topdog-attempts",
  "x-topdog-dropped",
  "x-topdog-credential",
  "x-topdog-cost-usd",
  "x-topdog-cache",
  "x-topdog-cache-age",
  "x-topdog-replayed",
] as const;
export type ServedHeaderName = (typeof servedHeaderNames)[number];
