import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { foundOrg } from "../usecases/create-org.ts";
import { callerOf, orgBody, orgSchema, toApiOrg } from "./schemas.ts";

export const createOrgRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/orgs",
    summary: "Create an org of your own",
    description: "You are its owner, on its one free seat. More seats come with a subscription.",
    tags: ["Orgs"],
    auth: "session",
    body: orgBody,
    responses: { 201: orgSchema },
    errors: ["conflict"],
    handler: async ({ caller, body }) => ({
      status: 201 as const,
      body: toApiOrg(await foundOrg(deps, callerOf(caller), body.name)),
    }),
  });
