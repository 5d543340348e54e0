import type { paths } from "../api/schema.d.ts";

/** What a path answers with when all is well. */
export type Success<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  responses: infer Responses;
}
  ? { [Status in keyof Responses]: Status extends 200 | 201 ? BodyOf<Responses[Status]> : never }[keyof Responses]
  : never;
type BodyOf<Response> = Response extends { content: { "application/json": infer Body } } ? Body : never;

/** What a path takes as its body. */
export type Sent<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  requestBody: { content: { "application/json": infer Body } };
}
  ? Body
  : never;

export type Tiers = Success<"/api/tiers", "get">;
export type Tier = Tiers["tiers"][number];
export type SessionView = Success<"/api/auth/session", "get">;
export type SubscriptionView = Success<"/api/billing/subscription", "get">;
export type AccountView = Success<"/api/auth/account", "get">;
export type OrgView = Success<"/api/orgs/{orgId}", "get">;
export type Limits = Success<"/api/limits", "get">;
export type UsageHistoryPage = Success<"/api/usage/history", "get">;
export type PlatformStatus = Success<"/api/status", "get">;
