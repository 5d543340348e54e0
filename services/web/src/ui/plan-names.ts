import { useQuery } from "@tanstack/react-query";
import { tiersQuery } from "../api/queries.ts";

/** How people call a plan; of one that is not offered here, its id. */
export function usePlanNames(): (id: string) => string {
  const { tiers } = useQuery(tiersQuery).data;
  return (id) => tiers.find((tier) => tier.id === id)?.name ?? id;
}
