import type { QueryClient } from "@tanstack/react-query";
import type { Limits } from "../domain/answers.ts";
import { type UsageNews, withNews } from "../domain/live-figures.ts";
import { limitsQuery } from "./queries.ts";
import { sessionQuery } from "./session-query.ts";
import type { ServerEvent } from "./server-events.ts";

/** What each kind of event makes old, by the first part of a query's key. */
const madeOld: Readonly<Record<string, readonly string[]>> = {
  subscription: ["subscription", "invoices", "limits", "byok", "org", "members"],
  org: ["org", "orgs"],
  member: ["members", "org", "orgs", "invitations", "limits", "subscription"],
  key: ["keys", "audit"],
  credential: ["byok", "audit", "limits"],
  byok: ["byok", "limits"],
  provider: ["operator-providers"],
};
const sumsOfUsage = ["history", "daily"];
const everything = [...new Set([...Object.values(madeOld).flat(), ...sumsOfUsage])];
/** While calls come in, sums are read again no more often than this. */
const sumsEveryMs = 1_500;

/** Brings what pages have read up to date with what happens; `stop` when nobody listens any more. */
export function createLiveQueries(queries: QueryClient, orgId: string | null) {
  let dueSums: ReturnType<typeof setTimeout> | undefined;
  // What is being read at this moment may have been read too early: it is asked for again.
  const readAnew = (keys: readonly string[]): void => {
    for (const key of keys) void queries.invalidateQueries({ queryKey: [key] });
  };
  const readSumsSoon = (): void => {
    dueSums ??= setTimeout(() => {
      dueSums = undefined;
      readAnew(sumsOfUsage);
    }, sumsEveryMs);
  };
  function onUsage(news: UsageNews): void {
    const { queryKey } = limitsQuery(orgId);
    const limits = queries.getQueryData<Limits>(queryKey);
    const newer = limits === undefined ? null : withNews(limits, news);
    if (newer === null) readAnew(["limits"]);
    else queries.setQueryData(queryKey, newer);
    if (news.calls > 0) readSumsSoon();
  }
  return {
    onEvent: ({ name, data }: ServerEvent): void => {
      if (name === "usage") onUsage(JSON.parse(data) as UsageNews);
      else readAnew(name === "ready" ? everything : (madeOld[name] ?? []));
    },
    onSignedOut: async (): Promise<boolean> => {
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
      return (queries.getQueryData(sessionQuery.queryKey) ?? null) !== null;
    },
    stop: (): void => clearTimeout(dueSums),
  };
}
