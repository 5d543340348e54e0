import type { IncomingMessage } from "node:http";
import type { RequestHandler, Response } from "express";
import type { Logger } from "@topdog/telemetry/logger";
import { parseTraceparent } from "@topdog/telemetry/traceparent";
import { activeTraceparent } from "@topdog/telemetry/tracing";
import { requestIdOf } from "./request-id.ts";

const probePaths = new Set(["/livez", "/readyz", "/health", "/metrics"]);

/** Facts that a route adds to its request's log line: ids and numbers, never bodies or secrets. */
export function addToRequestLog(
  res: Response,
  facts: Readonly<Record<string, string | number | boolean | null>>,
): void {
  res.locals["log"] = { ...(res.locals["log"] as object | undefined), ...facts };
}

/** The code of the error that a request was answered with. */
export function errorCodeOf(res: Response): string | undefined {
  return (res.locals["log"] as { readonly errorCode?: string } | undefined)?.errorCode;
}

export function traceIdOf(req: IncomingMessage): string | undefined {
  const header = req.headers["traceparent"];
  const traceparent = activeTraceparent() ?? (typeof header === "string" ? header : undefined);
  return parseTraceparent(traceparent)?.traceId;
}

/** One wide line per request, when its answer is over or its client gone; probes only at level debug. */
export function requestLog({ logger }: { logger: Logger }): RequestHandler {
  return (req, res, next) => {
    const startedMs = performance.now();
    const traceId = traceIdOf(req);
    res.once("close", () => {
      const path = req.originalUrl.split("?", 1)[0] ?? "";
      const line = {
        requestId: requestIdOf(req),
        traceId,
        method: req.method,
        path,
        status: res.statusCode,
        durationMs: Math.round((performance.now() - startedMs) * 100) / 100,
        ...(res.writableFinished ? {} : { clientClosed: true }),
        ...(res.locals["log"] as object | undefined),
      };
      if (probePaths.has(path)) logger.debug(line, "request");
      else logger.info(line, "request");
    });
    next();
  };
}
