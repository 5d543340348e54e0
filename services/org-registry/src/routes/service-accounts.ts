import { idSchema, nameSchema } from "@topdog/contracts/text";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { ServiceAccount } from "../domain/service-account.ts";
import type { RegistryDeps } from "../usecases/change.ts";
import {
  createServiceAccount,
  listServiceAccounts,
  removeServiceAccount,
} from "../usecases/manage-service-accounts.ts";
import { callerOf, orgParams, pageQuery, pageSchemaOf, toApiPage } from "./schemas.ts";

const path = "/api/orgs/:orgId/service-accounts";
const sensitive = { tags: ["Orgs"], auth: "session", requires: ["recent authentication"] } as const;

const serviceAccountSchema = z.object({
  id: z.string(),
  orgId: z.string(),
  name: z.string(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
});

const toApiServiceAccount = (one: ServiceAccount): z.input<typeof serviceAccountSchema> => ({
  id: one.id,
  orgId: one.orgId,
  name: one.name,
  createdBy: one.createdBy,
  createdAt: one.createdAt.toISOString(),
});

export const createServiceAccountRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...sensitive,
    method: "post",
    path,
    summary: "Make a service account of an org that you own or administer",
    description:
      "A machine that calls models for the org. `POST /api/keys` with `serviceAccountId` makes its keys: they are charged to the org bucket alone, and outlive whoever made them.",
    params: orgParams,
    body: z.object({ name: nameSchema }),
    responses: { 201: serviceAccountSchema },
    errors: ["not_found", "forbidden", "conflict", "org_being_deleted"],
    handler: async ({ caller, params, body }) => {
      const account = await createServiceAccount(deps, callerOf(caller), { ...params, ...body });
      return { status: 201 as const, body: toApiServiceAccount(account) };
    },
  });

export const listServiceAccountsRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path,
    summary: "List the service accounts of an org that you own or administer",
    description: "Their keys are among those of `GET /api/keys?orgId=…`.",
    tags: ["Orgs"],
    auth: "session",
    params: orgParams,
    query: pageQuery,
    responses: { 200: pageSchemaOf(serviceAccountSchema) },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, params, query }) => {
      const position = { after: query.cursor ?? null, limit: query.limit };
      const page = await listServiceAccounts(deps, callerOf(caller), params.orgId, position);
      return { status: 200 as const, body: toApiPage(page, toApiServiceAccount) };
    },
  });

export const removeServiceAccountRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...sensitive,
    method: "delete",
    path: `${path}/:serviceAccountId`,
    summary: "Remove a service account: its keys are refused everywhere at once",
    params: z.object({ orgId: idSchema, serviceAccountId: idSchema }),
    responses: { 204: z.undefined() },
    errors: ["not_found", "forbidden", "org_being_deleted"],
    handler: async ({ caller, params }) => {
      await removeServiceAccount(deps, callerOf(caller), params);
      return { status: 204 as const, body: undefined };
    },
  });
