import type { Route } from "@topdog/http-kit/route";
import type { GatewayRouteDeps } from "./deps.ts";
import { getStatusRoute } from "./get-status.ts";
import { listProvidersRoute } from "./operator-providers.ts";
import { eventsRoute } from "./live-routes.ts";

/** What of the account API the gateway answers itself. */
export const createRoutes = (deps: GatewayRouteDeps): Route[] => [
  eventsRoute(deps),
  getStatusRoute(deps),
  listProvidersRoute(deps),
];
