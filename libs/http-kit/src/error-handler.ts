import type { ErrorRequestHandler, RequestHandler } from "express";
import { AppError } from "@topdog/errors/app-error";
import type { Logger } from "@topdog/telemetry/logger";
import { renderOpenAiError } from "./openai-error.ts";
import { renderProblem } from "./problem.ts";
import { requestIdOf } from "./request-id.ts";
import { addToRequestLog, traceIdOf } from "./request-log.ts";
import { toAppError } from "./to-app-error.ts";

export type ErrorDialect = "problem" | "openai";

const renderers = { problem: renderProblem, openai: renderOpenAiError } as const;

/** The last middleware: answers any error and logs it once, with its cause, if it is ours (5xx). */
export function errorHandler({ dialect, logger }: { dialect: ErrorDialect; logger: Logger }): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const appError = toAppError(error);
    const requestId = requestIdOf(req);
    addToRequestLog(res, { errorCode: appError.code });
    if (appError.status >= 500) {
      logger.error({ err: appError, requestId, traceId: traceIdOf(req), code: appError.code }, "request failed");
    }
    renderers[dialect](res, appError, requestId);
  };
}

/** For what no route took. */
export function notFound(dialect: ErrorDialect): RequestHandler {
  return (req, res) => {
    addToRequestLog(res, { errorCode: "not_found" });
    renderers[dialect](res, new AppError("not_found"), requestIdOf(req));
  };
}
