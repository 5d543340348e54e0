import type { ErrorRequestHandler, Express, Request, RequestHandler } from "express";
import { errorsAt, operations } from "@topdog/dialects/dialects";
import { AppError } from "@topdog/errors/app-error";
import { preflightHeaders, type CorsPolicy } from "../domain/cors.ts";
import { errorRenderer, type ErrorRenderer } from "@topdog/http-kit/send-error";
import { documentedPath, pathOf, spellingsOf } from "../domain/llm-paths.ts";
import { allowOrigin } from "../usecases/allow-origin.ts";

/** What an SDK asks for when its base URL lacks the /v1. */
const withoutPrefix = [
  "/chat/completions",
  "/completions",
  "/responses",
  "/responses/*rest",
  "/messages",
  "/messages/*rest",
  "/embeddings",
  "/models",
  "/models/*rest",
];

const readableByPages =
  (cors: CorsPolicy): RequestHandler =>
  (req, res, next) => {
    const { origin } = req.headers;
    if (origin !== undefined) allowOrigin(cors, origin, res);
    next();
  };

/** A preflight is answered without a key, because browsers send none; any other OPTIONS only for a path that exists. */
const preflight: RequestHandler = (req, res, next) => {
  if (req.headers["access-control-request-method"] === undefined) return next();
  const requested = req.headers["access-control-request-headers"];
  for (const [name, value] of preflightHeaders(typeof requested === "string" ? requested : undefined))
    res.setHeader(name, value);
  res.status(204).end();
};

/** In the dialect of the address, although a mounted handler sees only a part of its path. */
export const renderLlmError: ErrorRenderer = (res, error, requestId) => {
  const { originalUrl } = res.req as Request;
  errorRenderer(errorsAt(documentedPath(pathOf(originalUrl))))(res, error, requestId);
};

export interface LlmAddressesDeps {
  readonly cors: CorsPolicy;
  /** Answers an error in the dialect of the LLM API. */
  readonly onError: ErrorRequestHandler;
}

/** Requests to the LLM API's addresses that are no calls. Mounted after the request id and the log. */
export function mountLlmAddresses(app: Express, { cors, onError }: LlmAddressesDeps): void {
  const absent =
    (advice: string): RequestHandler =>
    (req, res, next) => {
      const detail = `There is nothing at ${req.path}: ${advice}`;
      void onError(new AppError("not_found", { detail }), req, res, next);
    };
  app.all(["/v1/*rest", ...withoutPrefix], readableByPages(cors));
  app.options(["/v1/*rest", ...withoutPrefix], preflight);
  const methodsOf = Map.groupBy(
    operations.flatMap(({ method, paths }) => paths.map((path) => ({ method, path }))),
    ({ path }) => path,
  );
  for (const [documented, all] of methodsOf) {
    const paths = [...spellingsOf(documented)];
    const allow = [...all.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])), "OPTIONS"].join(
      ", ",
    );
    app.options(paths, (_req, res) => void res.status(204).setHeader("allow", allow).end());
    const hasIds = [...methodsOf.keys()].some((path) => path.startsWith(`${documented}/:`));
    app.all(paths, (req, res, next) => {
      // The address of one of them, and the id is empty.
      if (hasIds && req.path.endsWith("/")) return absent("an id is missing.")(req, res, next);
      void onError(new AppError("method_not_allowed", { headers: { allow } }), req, res, next);
    });
  }
  app.all("/v1/v1/*rest", absent("your base URL ends in /v1 already, so the path after it must not begin with /v1."));
  app.all(withoutPrefix, absent("your base URL should end in /v1."));
}
