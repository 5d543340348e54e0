import { Readable } from "node:stream";
import { defineRoute } from "@topdog/http-kit/route";
import { streamed } from "@topdog/http-kit/streamed";
import type { AuditRow } from "../store/audit-log.ts";
import type { RegistryDeps } from "../usecases/change.ts";
import { exportAudit, readAudit } from "../usecases/read-audit.ts";
import { auditPageSchema, auditQuery, toApiAudit } from "./audit-schemas.ts";
import { callerOf, orgParams, toApiPage } from "./schemas.ts";

async function* linesOf(rows: AsyncGenerator<AuditRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(toApiAudit(row))}\n`;
}

const ndjson = streamed("application/x-ndjson", "One entry a line, the oldest first");
const ownScope = { tags: ["Account"], auth: "session" } as const;
const orgScope = { tags: ["Orgs"], auth: "session", params: orgParams } as const;

export const readOrgAuditRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...orgScope,
    method: "get",
    path: "/api/orgs/:orgId/audit",
    summary: "Read the audit log of an org that you own or administer, newest first",
    query: auditQuery,
    responses: { 200: auditPageSchema },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, params, query }) => {
      const page = await readAudit(deps, callerOf(caller), params, { after: query.cursor ?? null, limit: query.limit });
      return { status: 200 as const, body: toApiPage(page, toApiAudit) };
    },
  });

export const exportOrgAuditRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...orgScope,
    method: "get",
    path: "/api/orgs/:orgId/audit/export",
    summary: "Export the whole audit log of an org that you own or administer",
    responses: { 200: ndjson },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, params }) => ({
      status: 200 as const,
      stream: Readable.from(linesOf(await exportAudit(deps, callerOf(caller), params))),
    }),
  });

export const readOwnAuditRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...ownScope,
    method: "get",
    path: "/api/audit",
    summary: "Read what happened to your account, newest first",
    query: auditQuery,
    responses: { 200: auditPageSchema },
    errors: [],
    handler: async ({ caller, query }) => {
      const page = await readAudit(deps, callerOf(caller), "own", { after: query.cursor ?? null, limit: query.limit });
      return { status: 200 as const, body: toApiPage(page, toApiAudit) };
    },
  });

export const exportOwnAuditRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...ownScope,
    method: "get",
    path: "/api/audit/export",
    summary: "Export all that happened to your account",
    responses: { 200: ndjson },
    errors: [],
    handler: async ({ caller }) => ({
      status: 200 as const,
      stream: Readable.from(linesOf(await exportAudit(deps, callerOf(caller), "own"))),
    }),
  });
