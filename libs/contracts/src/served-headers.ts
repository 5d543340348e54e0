/**
 * What a router tells the caller of how a call was served. The one list: routers write no other, gateways pass these on, pages
 * elsewhere may read them, and the OpenAPI document describes each.
 */
export const servedHeaderNames = [
  "x-topdog-provider",
  "x-topdog-model",
  "x-topdog-attempts",
  "x-topdog-dropped",
  "x-topdog-credential",
  "x-topdog-cost-usd",
] as const;
export type ServedHeaderName = (typeof servedHeaderNames)[number];
