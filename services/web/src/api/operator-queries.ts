import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, bodyOf } from "./client.ts";

export const statsQuery = (days: number) =>
  queryOptions({
    queryKey: ["stats", days],
    queryFn: () => bodyOf(api.GET("/api/billing/admin/stats", { params: { query: { days } } })),
  });

export const openBreakersQuery = queryOptions({
  queryKey: ["operator-providers"],
  queryFn: () => bodyOf(api.GET("/api/operator/providers")),
});

export const consistencyQuery = queryOptions({
  queryKey: ["operator-consistency"],
  queryFn: () => bodyOf(api.GET("/api/operator/consistency")),
});

const from = (cursor: string | null) => (cursor === null ? {} : { cursor });

export const deadLettersQuery = infiniteQueryOptions({
  queryKey: ["operator-dead-letters"],
  initialPageParam: null as string | null,
  queryFn: ({ pageParam }) =>
    bodyOf(api.GET("/api/operator/dead-letters", { params: { query: { limit: 50, ...from(pageParam) } } })),
  getNextPageParam: ({ nextCursor }) => nextCursor,
});

export const tenantsQuery = (kind: "org" | "user", search: string) =>
  infiniteQueryOptions({
    queryKey: ["operator-tenants", kind, search],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { kind, limit: 20, ...(search === "" ? {} : { search }), ...from(pageParam) };
      return bodyOf(api.GET("/api/operator/tenants", { params: { query } }));
    },
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
