import { secureCookies } from "@topdog/contracts/session-cookies";
import { errorRegistry, type ErrorCode } from "@topdog/errors/registry";
import { z } from "zod";
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import { strict } from "./mount-routes.ts";
import { problemContentType } from "./problem.ts";
import { isRawBody } from "./raw-body.ts";
import type { Route, SessionRequirement } from "./route-types.ts";
import { isStreamed } from "./streamed.ts";

export type OpenApiDocument = ReturnType<typeof createDocument>;

export interface OpenApiOptions {
  readonly title: string;
  readonly version?: string;
  readonly description?: string;
  readonly routes: readonly Route[];
  /** Paths that are not defined by `defineRoute`, as zod-openapi writes them. */
  readonly extraPaths?: ZodOpenApiObject["paths"];
}

const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: "The request's id" }),
    code: z.enum(Object.keys(errorRegistry) as [ErrorCode, ...ErrorCode[]]),
    nextStep: z.string(),
  })
  .meta({ id: "Problem", description: "An error (RFC 9457)" });

const bytesSchema = { type: "string", format: "binary" } as const;

/** The gateway's own refusals on the way to a route are among them: `overloaded` when the service behind it is away. */
const errorsOfEveryRoute = [
  "invalid_request",
  "internal_error",
  "overloaded",
  "storage_unavailable",
  "shutting_down",
  "headers_too_large",
] as const;
/** A body is read, and may be refused, whether or not the route has a use for it. */
const errorsOfEveryBody = ["payload_too_large", "unsupported_encoding", "request_timeout"] as const;
const errorsOfEveryCaller = [
  "missing_api_key",
  "invalid_api_key",
  "too_many_bad_keys",
  "too_many_calls",
  "temporary_reduced_capacity",
] as const;

/** What each kind of caller may meet, and by what it is known. */
const callerKinds: Readonly<
  Partial<Record<Route["auth"], { security: Record<string, never[]>[]; errors: readonly ErrorCode[] }>>
> = {
  key: { security: [{ ApiKey: [] }], errors: [...errorsOfEveryCaller, "api_key_required"] },
  session: {
    security: [{ Session: [] }],
    errors: [...errorsOfEveryCaller, "not_signed_in", "csrf_refused", "session_required"],
  },
  account: {
    security: [{ ApiKey: [] }, { Session: [] }],
    errors: [...errorsOfEveryCaller, "not_signed_in", "csrf_refused"],
  },
  visitor: { security: [], errors: ["csrf_refused", "too_many_calls"] },
};

const errorsOfRequirement = {
  "recent authentication": ["reauthentication_required"],
  operator: ["operator_required", "session_required"],
} as const satisfies Record<SessionRequirement, readonly ErrorCode[]>;

/** The OpenAPI 3.1 document, made from the same objects that are mounted. */
export function buildOpenApi({
  title,
  version = "1.0.0",
  description,
  routes,
  extraPaths,
}: OpenApiOptions): OpenApiDocument {
  const paths: NonNullable<ZodOpenApiObject["paths"]> = { ...extraPaths };
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return createDocument({
    openapi: "3.1.1",
    info: { title, version, ...(description === undefined ? {} : { description }) },
    paths,
    components: {
      securitySchemes: {
        ApiKey: { type: "http", scheme: "bearer", description: "An API key: `td_…`" },
        Session: {
          type: "apiKey",
          in: "cookie",
          name: secureCookies.session,
          description: "Of a person who is signed in",
        },
      },
    },
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  const kind = callerKinds[route.auth];
  return {
    operationId: `${route.method}${route.path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.tags === undefined ? {} : { tags: [...route.tags] }),
    ...(kind === undefined ? {} : { security: kind.security }),
    requestParams: {
      ...(route.params === undefined ? {} : { path: route.params.strict() }),
      ...(route.query === undefined ? {} : { query: route.query.strict() }),
    },
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: bodyContent(route.body) } }),
    responses: { ...successes(route), ...failures(route) },
  };
}

const bodyContent = (body: NonNullable<Route["body"]>) =>
  isRawBody(body) ? { [body.contentType]: { schema: {} } } : { "application/json": { schema: strict(body) } };

function successes(route: Route): ZodOpenApiResponsesObject {
  const entries = Object.entries(route.responses).map(([status, schema]) => [
    status,
    schema instanceof z.ZodUndefined
      ? { description: "Done" }
      : isStreamed(schema)
        ? { description: schema.description, content: { [schema.contentType]: { schema: bytesSchema } } }
        : { description: schema.description ?? "Success", content: { "application/json": { schema } } },
  ]);
  return Object.fromEntries(entries) as ZodOpenApiResponsesObject;
}

/** An answer's error has one of the codes that the operation names for this status. */
const problemWith = (codes: readonly ErrorCode[]) =>
  z.intersection(problemSchema, z.looseObject({ code: z.enum(codes) }));

function failures(route: Route): ZodOpenApiResponsesObject {
  const codes = new Set<ErrorCode>([
    ...errorsOfEveryRoute,
    ...(route.method === "get" ? [] : errorsOfEveryBody),
    ...(route.body === undefined || isRawBody(route.body) ? [] : (["malformed_json"] as const)),
    ...(callerKinds[route.auth]?.errors ?? []),
    ...(route.requires ?? []).flatMap((one) => errorsOfRequirement[one]),
    ...route.errors,
  ]);
  const byStatus = Map.groupBy(codes, (code) => String(errorRegistry[code].status));
  const entries = [...byStatus].map(([status, group]) => [
    status,
    {
      description: group.map((code) => `\`${code}\`: ${errorRegistry[code].title}`).join(" "),
      content: { [problemContentType]: { schema: problemWith(group) } },
    },
  ]);
  return Object.fromEntries(entries) as ZodOpenApiResponsesObject;
}
