import { providerStateChangedSchema } from "@topdog/contracts/events/provider-state-changed";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { GatewayRouteDeps } from "./deps.ts";

export const listProvidersRoute = ({ openBreakers }: GatewayRouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/operator/providers",
    summary: "List the providers whose breakers are not closed, as routers told in the last ten minutes",
    tags: ["Operator"],
    auth: "session",
    requires: ["operator"],
    responses: { 200: z.object({ items: z.array(providerStateChangedSchema) }) },
    errors: [],
    handler: async () => ({ status: 200 as const, body: { items: [...openBreakers.list()] } }),
  });
