import type { Tiers, UsageHistoryPage } from "../domain/answers.ts";
import type { HistoryInterval, UsageDimension, UsageLine } from "../domain/usage.ts";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, bodyOf } from "./client.ts";
import catalogue from "./tiers.json" with { type: "json" };

interface ListPage {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

const itemsPerPage = 100;
/** A list is read whole, up to 2,000 things: more than that nobody reads. */
const maxListPages = 20;

/** The first page, with the things of all of them. */
async function readWhole<Page extends ListPage>(
  read: (query: { limit: number; cursor?: string }) => Promise<Page>,
): Promise<Page> {
  const first = await read({ limit: itemsPerPage });
  const items: Page["items"][number][] = [...first.items];
  let cursor = first.nextCursor;
  for (let page = 1; page < maxListPages && cursor !== null; page += 1) {
    const { items: more, nextCursor } = await read({ limit: itemsPerPage, cursor });
    items.push(...more);
    cursor = nextCursor;
  }
  return { ...first, items };
}

/** The catalogue that the page was built with stands until the server's own is there. */
export const tiersQuery = queryOptions({
  queryKey: ["tiers"],
  queryFn: () => bodyOf(api.GET("/api/tiers")),
  initialData: catalogue as Tiers,
  initialDataUpdatedAt: 0,
});

export const orgsQuery = queryOptions({
  queryKey: ["orgs"],
  queryFn: () => readWhole((query) => bodyOf(api.GET("/api/orgs", { params: { query } }))),
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
      readWhole((page) =>
        bodyOf(api.GET("/api/keys", { params: { query: { ...page, ...(org === null ? {} : { orgId: org }) } } })),
      ),
  });

export const credentialsQuery = (org: string | null) =>
  queryOptions({
    queryKey: ["byok", org],
    queryFn: () =>
      readWhole((query) =>
        bodyOf(api.GET("/api/byok", { params: { query: { ...query, ...(org === null ? {} : { orgId: org }) } } })),
      ),
  });

/** Beside what happens meanwhile, every limit is whole again when the day ends. No sooner than this: the machine's clock may be wrong. */
const leastUntilResetMs = 60_000;

export const limitsQuery = (orgId: string | null) =>
  queryOptions({
    refetchInterval: ({ state: { data } }) =>
      data === undefined ? false : Math.max(leastUntilResetMs, Date.parse(data.resetsAt) - Date.now()),
    queryKey: ["limits", orgId],
    queryFn: () => bodyOf(api.GET("/api/limits", { params: { query: orgId === null ? {} : { orgId } } })),
  });

export interface HistoryQuestion {
  readonly orgId: string | null;
  readonly scope: "own" | "org";
  readonly interval: HistoryInterval;
  readonly groupBy: UsageDimension;
  /** Days, as `2026-11-26`. */
  readonly from: string;
  readonly to: string;
}

const linesPerPage = 1_000;
/** More lines than this make no chart that anybody can read: the file has them all. */
const maxPages = 10;

export const historyAddress = ({ orgId, ...asked }: HistoryQuestion): string =>
  `/api/usage/history.csv?${new URLSearchParams({ ...asked, ...(orgId === null ? {} : { orgId }) }).toString()}`;

async function readHistory({ orgId, ...asked }: HistoryQuestion): Promise<UsageLine[]> {
  const lines: UsageLine[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    const query = {
      ...asked,
      limit: linesPerPage,
      ...(orgId === null ? {} : { orgId }),
      ...(cursor === null ? {} : { cursor }),
    };
    const answer: UsageHistoryPage = await bodyOf(api.GET("/api/usage/history", { params: { query } }));
    lines.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return lines;
}

export const historyQuery = (question: HistoryQuestion) =>
  queryOptions({
    queryKey: ["history", question.orgId, question],
    queryFn: () => readHistory(question),
    // Another split of the same time keeps what is shown until it is there.
    placeholderData: keepPreviousData,
  });

export const dailyUsageQuery = (orgId: string, from: string, to: string) =>
  queryOptions({
    queryKey: ["daily", orgId, from, to],
    queryFn: () =>
      bodyOf(api.GET("/api/orgs/{orgId}/usage/daily", { params: { path: { orgId }, query: { from, to } } })),
  });

export const invoicesQuery = (org: string | null) =>
  queryOptions({
    queryKey: ["invoices", org],
    queryFn: () =>
      bodyOf(
        api.GET("/api/billing/invoices", {
          params: { query: { limit: itemsPerPage, ...(org === null ? {} : { org }) } },
        }),
      ),
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
    queryFn: () =>
      readWhole((query) => bodyOf(api.GET("/api/orgs/{orgId}/members", { params: { path: { orgId }, query } }))),
  });

export const invitationsQuery = (orgId: string) =>
  queryOptions({
    queryKey: ["invitations", orgId],
    queryFn: () =>
      readWhole((query) => bodyOf(api.GET("/api/orgs/{orgId}/invitations", { params: { path: { orgId }, query } }))),
  });

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: () => bodyOf(api.GET("/api/auth/sessions")),
});

/** By what people sign in here. */
export const methodsQuery = queryOptions({
  queryKey: ["methods"],
  queryFn: () => bodyOf(api.GET("/api/auth/methods")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const identitiesQuery = queryOptions({
  queryKey: ["identities"],
  queryFn: () => bodyOf(api.GET("/api/auth/identities")),
});

export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: () => bodyOf(api.GET("/api/auth/passkeys")),
});

export const accountQuery = queryOptions({
  queryKey: ["account"],
  queryFn: () => bodyOf(api.GET("/api/auth/account")),
});

export const serviceAccountsQuery = (orgId: string) =>
  queryOptions({
    queryKey: ["service-accounts", orgId],
    queryFn: () =>
      readWhole((query) =>
        bodyOf(api.GET("/api/orgs/{orgId}/service-accounts", { params: { path: { orgId }, query } })),
      ),
  });

export const modelRulesQuery = (orgId: string) =>
  queryOptions({
    queryKey: ["model-rules", orgId],
    queryFn: () => bodyOf(api.GET("/api/orgs/{orgId}/model-rules", { params: { path: { orgId } } })),
  });

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: () => bodyOf(api.GET("/api/status")),
  retry: false,
});
