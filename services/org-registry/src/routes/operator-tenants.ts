import { planIdSchema } from "@topdog/contracts/plans";
import { nameSchema } from "@topdog/contracts/text";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { tenantKinds, type TenantKind, type TenantRow, tenantStates } from "../store/tenants.ts";
import type { RegistryDeps } from "../usecases/change.ts";
import { readTenants } from "../usecases/read-tenants.ts";
import { pageQuery, pageSchemaOf, toApiPage } from "./schemas.ts";

const tenantSchema = z.object({
  tenant: z.string().describe("`org:<id>` or `user:<id>`"),
  kind: z.enum(tenantKinds),
  id: z.string(),
  name: z.string().describe("The org's name, or the user's address"),
  plan: planIdSchema,
  seats: z.int(),
  activeMembers: z.int().nullable().describe("Null for a user"),
  state: z.enum(tenantStates),
  createdAt: z.iso.datetime(),
  today: z.object({ calls: z.int(), llmRequests: z.int(), costNanoUsd: z.int() }),
});

export const listTenantsRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path: "/api/operator/tenants",
    summary: "List the orgs or the users of the platform, with plan, state and today's usage",
    tags: ["Operator"],
    auth: "session",
    requires: ["operator"],
    query: pageQuery.extend({
      kind: z.enum(tenantKinds).default("org"),
      search: nameSchema.optional().describe("A part of the name or address, or an id"),
    }),
    responses: { 200: pageSchemaOf(tenantSchema) },
    errors: [],
    handler: async ({ query: { kind, search, cursor, limit } }) => {
      const page = await readTenants(deps, { kind, text: search ?? null }, { after: cursor ?? null, limit });
      return { status: 200 as const, body: toApiPage(page, (row) => toApiTenant(kind, row)) };
    },
  });

function toApiTenant(kind: TenantKind, row: TenantRow): z.input<typeof tenantSchema> {
  const { createdAt, calls, llmRequests, costNanoUsd, ...rest } = row;
  const today = { calls, llmRequests, costNanoUsd };
  return { ...rest, tenant: `${kind}:${row.id}`, kind, createdAt: createdAt.toISOString(), today };
}
