import type { Route } from "@topdog/http-kit/route";
import type { GatewayRouteDeps } from "./deps.ts";
import { getStatusRoute } from "./get-status.ts";
import { eventsRoute } from "./live-routes.ts";

/** What of the account API the gateway answers itself. */
export const createRoutes = (deps: GatewayRouteDeps): Route[] => [eventsRoute(deps), getStatusRoute(deps)];
