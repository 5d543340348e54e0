import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { RegistryDeps } from "../usecases/change.ts";
import { endOffer } from "../usecases/transfer-ownership.ts";
import { callerOf, orgParams } from "./schemas.ts";

export const endOfferRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "delete",
    path: "/api/orgs/:orgId/ownership-offer",
    summary: "Withdraw your offer of ownership, or decline one that was made to you",
    tags: ["Orgs"],
    auth: "session",
    requires: ["recent authentication"],
    params: orgParams,
    responses: { 204: z.undefined() },
    errors: ["not_found", "forbidden", "conflict", "org_being_deleted"],
    handler: async ({ caller, params }) => {
      await endOffer(deps, callerOf(caller), params.orgId);
      return { status: 204 as const, body: undefined };
    },
  });
