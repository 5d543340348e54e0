import type { Route } from "@topdog/http-kit/route";
import type { Database } from "@topdog/postgres/pool";
import type { Consistency } from "../usecases/measure-consistency.ts";
import { getConsistencyRoute } from "./get-consistency.ts";
import { getLimitsRoute } from "./get-limits.ts";
import { getUsageRoute } from "./get-usage.ts";

export interface RouteDeps {
  readonly db: Database;
  readonly measureConsistency: () => Promise<Consistency>;
}

const constructors = [getLimitsRoute, getUsageRoute, getConsistencyRoute];

/** What is mounted, and what the OpenAPI document is made of. */
export const createRoutes = (deps: RouteDeps): Route[] => constructors.map((construct) => construct(deps));
