import type { Route } from "@topdog/http-kit/route";
import type { RouteDeps } from "./deps.ts";
import { getConsistencyRoute, getOperatorConsistencyRoute } from "./get-consistency.ts";
import { getLimitsRoute } from "./get-limits.ts";
import { getUsageRoute } from "./get-usage.ts";
import { exportHistoryRoute, readHistoryRoute } from "./usage-history.ts";

const constructors = [
  getLimitsRoute,
  getUsageRoute,
  readHistoryRoute,
  exportHistoryRoute,
  getConsistencyRoute,
  getOperatorConsistencyRoute,
];

/** What is mounted, and what the OpenAPI document is made of. */
export const createRoutes = (deps: RouteDeps): Route[] => constructors.map((construct) => construct(deps));
