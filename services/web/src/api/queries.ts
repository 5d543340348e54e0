import type { Tiers } from "../domain/answers.ts";
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { api, bodyOf, hasSessionCookie } from "./client.ts";
import { isProblem, Problem } from "./problem.ts";
import catalogue from "./tiers.json" with { type: "json" };

const freshMs = 15_000;
const maxRetries = 2;

/** What was refused is not asked again; what did not answer is, twice. */
const retry = (failures: number, error: Error): boolean =>
  failures < maxRetries && !(error instanceof Problem && error.status >= 400 && error.status < 500);

export function createQueries(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { staleTime: freshMs, retry, refetchOnWindowFocus: true } } });
}

/** Null for a visitor. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => {
    if (!hasSessionCookie()) return null;
    try {
      return await bodyOf(api.GET("/api/auth/session"));
    } catch (error) {
      if (isProblem(error, "not_signed_in")) return null;
      throw error;
    }
  },
});

/** The catalogue that the page was built with stands until the server's own is there. */
export const tiersQuery = queryOptions({
  queryKey: ["tiers"],
  queryFn: () => bodyOf(api.GET("/api/tiers")),
  initialData: catalogue as Tiers,
  initialDataUpdatedAt: 0,
});

export const orgsQuery = queryOptions({
  queryKey: ["orgs"],
  queryFn: () => bodyOf(api.GET("/api/orgs", { params: { query: { limit: 100 } } })),
});

export const orgQuery = (orgId: string) =>
  queryOptions({
    queryKey: ["org", orgId],
    queryFn: () => bodyOf(api.GET("/api/orgs/{orgId}", { params: { path: { orgId } } })),
  });

export const subscriptionQuery = (org: string | null) =>
  queryOptions({
    queryKey: ["subscription", org],
    queryFn: () => bodyOf(api.GET("/api/billing/subscription", { params: { query: org === null ? {} : { org } } })),
  });

export const keysQuery = (org: string | null) =>
  queryOptions({
    queryKey: ["keys", org],
    queryFn: () =>
      bodyOf(api.GET("/api/keys", { params: { query: { limit: 100, ...(org === null ? {} : { orgId: org }) } } })),
  });

export const credentialsQuery = (org: string | null) =>
  queryOptions({
    queryKey: ["byok", org],
    queryFn: () =>
      bodyOf(api.GET("/api/byok", { params: { query: { limit: 100, ...(org === null ? {} : { orgId: org }) } } })),
  });

export const limitsQuery = (orgId: string | null) =>
  queryOptions({
    queryKey: ["limits", orgId],
    queryFn: () => bodyOf(api.GET("/api/limits", { params: { query: orgId === null ? {} : { orgId } } })),
  });

export interface UsageQuestion {
  readonly orgId: string | null;
  readonly scope: "own" | "org";
  /** Days, as `2026-11-26`. */
  readonly from: string;
  readonly to: string;
}

export const usageQuery = ({ orgId, ...asked }: UsageQuestion) =>
  queryOptions({
    queryKey: ["usage", orgId, asked],
    queryFn: () =>
      bodyOf(api.GET("/api/usage", { params: { query: { ...asked, ...(orgId === null ? {} : { orgId }) } } })),
  });

export const invoicesQuery = (org: string | null) =>
  queryOptions({
    queryKey: ["invoices", org],
    queryFn: () => bodyOf(api.GET("/api/billing/invoices", { params: { query: org === null ? {} : { org } } })),
  });

export const auditQuery = (orgId: string | null) =>
  queryOptions({
    queryKey: ["audit", orgId],
    queryFn: () =>
      orgId === null
        ? bodyOf(api.GET("/api/audit", { params: { query: { limit: 100 } } }))
        : bodyOf(api.GET("/api/orgs/{orgId}/audit", { params: { path: { orgId }, query: { limit: 100 } } })),
  });

export const membersQuery = (orgId: string) =>
  queryOptions({
    queryKey: ["members", orgId],
    queryFn: () => bodyOf(api.GET("/api/orgs/{orgId}/members", { params: { path: { orgId }, query: { limit: 100 } } })),
  });

export const invitationsQuery = (orgId: string) =>
  queryOptions({
    queryKey: ["invitations", orgId],
    queryFn: () =>
      bodyOf(api.GET("/api/orgs/{orgId}/invitations", { params: { path: { orgId }, query: { limit: 100 } } })),
  });

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: () => bodyOf(api.GET("/api/auth/sessions")),
});

export const statsQuery = (days: number) =>
  queryOptions({
    queryKey: ["stats", days],
    queryFn: () => bodyOf(api.GET("/api/billing/admin/stats", { params: { query: { days } } })),
  });
