import express, { Router, type Express, type Request, type RequestHandler, type Response } from "express";
import { AppError } from "@topdog/errors/app-error";
import type { Logger } from "@topdog/telemetry/logger";
import { z } from "zod";
import { assertVerifiable, callerOf, operatorsOnly, type Verifiers } from "./auth.ts";
import { errorHandler } from "./error-handler.ts";
import { sendContinue } from "./expect-continue.ts";
import { renderProblem } from "./problem.ts";
import { isRawBody, readRawBody } from "./raw-body.ts";
import type { ErasedReply, Route } from "./route-types.ts";
import { isStreamed, sendStream, type StreamReply } from "./streamed.ts";
import { invalidRequest } from "./to-app-error.ts";

export interface MountOptions {
  readonly verifiers: Verifiers;
  readonly logger: Logger;
  readonly maxBodyBytes?: number;
  /** Checks what handlers return: on in tests, where a wrong answer should fail; off in production, where it costs. */
  readonly checkResponses?: boolean;
}

const defaultMaxBodyBytes = 64 * 1024;

/** Refuses unknown keys of an object schema; other schemas stay as they are. */
export const strict = (schema: z.ZodType): z.ZodType => (schema instanceof z.ZodObject ? schema.strict() : schema);

/** Adds the routes to the app, each validated, authenticated and answering errors as problem+json. All methods of a path must be in one call. */
export function mountRoutes(app: Express, routes: readonly Route[], options: MountOptions): void {
  const router = Router();
  for (const route of routes) {
    assertVerifiable(route, options.verifiers);
    if (route.auth === "operator") router.all(route.path, operatorsOnly(options.verifiers.operator ?? (() => false)));
    router[route.method](route.path, ...bodyParsers(route, options), runRoute(route, options));
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase());
    // Express answers HEAD wherever there is a GET.
    const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    router.all(path, () => {
      throw new AppError("method_not_allowed", { headers: { allow: allow.join(", ") } });
    });
  }
  router.use(errorHandler({ render: renderProblem, logger: options.logger }));
  app.use(router);
}

function bodyParsers(route: Route, { maxBodyBytes = defaultMaxBodyBytes }: MountOptions): RequestHandler[] {
  return route.body === undefined || isRawBody(route.body)
    ? []
    : [wantBody, express.json({ limit: maxBodyBytes, strict: true })];
}

const wantBody: RequestHandler = (req, res, next) => {
  sendContinue(req, res);
  next();
};

function runRoute(route: Route, options: MountOptions): RequestHandler {
  const parse = inputParser(route);
  const checkResponses = options.checkResponses ?? process.env["NODE_ENV"] === "test";
  return async (req, res) => {
    const caller = await callerOf(route, options.verifiers, req, res);
    const input = parse(req);
    const raw = route.body !== undefined && isRawBody(route.body) ? await readRawBody(req, res, route.body) : null;
    const reply = await route.handler({ ...input, ...(raw === null ? {} : { body: raw }), caller, req, res });
    if (checkResponses) assertDeclared(route, reply);
    await send(route, res, reply);
  };
}

function inputParser(route: Route): (req: Request) => { params: unknown; query: unknown; body: unknown } {
  const params = route.params === undefined ? undefined : strict(route.params);
  const query = strict(route.query ?? z.object({}));
  const body = route.body === undefined || isRawBody(route.body) ? undefined : strict(route.body);
  return (req) => ({
    params: params && parseInput(params, req.params, "params"),
    query:
      route.query === undefined ? void parseInput(query, req.query, "query") : parseInput(query, req.query, "query"),
    body: body && parseInput(body, jsonBody(req), "body"),
  });
}

function jsonBody(req: Request): unknown {
  const body = req.body as unknown;
  if (body !== undefined) return body;
  throw new AppError("invalid_request", { detail: "The body must be JSON, sent with content-type application/json." });
}

function parseInput(schema: z.ZodType, value: unknown, place: "params" | "query" | "body"): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(parsed.error, place);
  return parsed.data;
}

function assertDeclared(route: Route, reply: ErasedReply | StreamReply): void {
  const schema = route.responses[reply.status];
  if (schema === undefined)
    throw new Error(`${route.method} ${route.path} answered an undeclared status ${reply.status}`);
  if (isStreamed(schema) !== "stream" in reply)
    throw new Error(
      `${route.method} ${route.path} answered ${reply.status} as a stream, or not, against its declaration`,
    );
  if (!isStreamed(schema) && "body" in reply) strict(schema).parse(reply.body);
}

function send(route: Route, res: Response, reply: ErasedReply | StreamReply): Promise<void> | void {
  if ("stream" in reply) {
    const declared = route.responses[reply.status];
    const contentType =
      declared !== undefined && isStreamed(declared) ? declared.contentType : "application/octet-stream";
    return sendStream(res, reply, contentType);
  }
  res.status(reply.status).set({ "cache-control": "no-store", ...reply.headers });
  if (reply.body === undefined) res.end();
  else res.json(reply.body);
}
