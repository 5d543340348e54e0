import { useQuery } from "@tanstack/react-query";
import { keysQuery, membersQuery } from "../../api/queries.ts";
import { providers } from "../../copy/byok.ts";
import { dashboard } from "../../copy/dashboard.ts";
import type { UsageDimension } from "../../domain/usage.ts";

/** How a value of a dimension is called. The ledger knows ids alone; of what was removed since, the id is shown. */
export function useNames(
  orgId: string | null,
  scope: "own" | "org",
): (dimension: UsageDimension, value: string | null) => string {
  // All keys of an org are listed for who runs it alone.
  const keys = useQuery(keysQuery(scope === "org" ? orgId : null)).data?.items;
  const members = useQuery({ ...membersQuery(orgId ?? ""), enabled: orgId !== null && scope === "org" }).data?.items;
  return (dimension, value) => {
    if (value === null) return dashboard.unknown[dimension];
    switch (dimension) {
      case "source":
        return dashboard.sources[value === "org_pool" ? "org_pool" : "personal"];
      case "key":
        return keys?.find(({ id }) => id === value)?.name ?? value;
      case "member":
        return members?.find(({ userId }) => userId === value)?.email ?? value;
      case "provider":
        return providers.find(([id]) => id === value)?.[1] ?? value;
      case "model":
        return value;
    }
  };
}
