import type { ErrorRequestHandler, RequestHandler } from "express";
import { AppError } from "@topdog/errors/app-error";
import { isConnectionLoss } from "@topdog/postgres/failures";
import type { Logger } from "@topdog/telemetry/logger";
import { requestIdOf } from "./request-id.ts";
import { addToRequestLog, traceIdOf } from "./request-log.ts";
import type { ErrorRenderer } from "./send-error.ts";
import { toAppError } from "./to-app-error.ts";

const storageRetrySeconds = 1;

/** A database that is away is a passing fault of the platform, which the caller may wait for; what else is unknown is masked. */
const faultOf = (error: unknown): AppError =>
  !(error instanceof AppError) && isConnectionLoss(error)
    ? new AppError("storage_unavailable", { cause: error, retryAfterSeconds: storageRetrySeconds })
    : toAppError(error);

/** The last middleware: answers any error and logs it once, with its cause, if it is ours (5xx). */
export function errorHandler({ render, logger }: { render: ErrorRenderer; logger: Logger }): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const appError = faultOf(error);
    const requestId = requestIdOf(req);
    addToRequestLog(res, { errorCode: appError.code });
    if (appError.status >= 500) {
      logger.error({ err: appError, requestId, traceId: traceIdOf(req), code: appError.code }, "request failed");
    }
    render(res, appError, requestId);
  };
}

/** Answers requests that no route took. */
export function notFound(render: ErrorRenderer): RequestHandler {
  return (req, res) => {
    addToRequestLog(res, { errorCode: "not_found" });
    render(res, new AppError("not_found"), requestIdOf(req));
  };
}
