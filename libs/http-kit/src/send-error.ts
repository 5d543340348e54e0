import type { ServerResponse } from "node:http";
import type { AppError } from "@topdog/errors/app-error";
import { requestIdHeaderName } from "./request-id.ts";

/** What both dialects send with an error; the error's own headers win. */
export function errorHeaders(error: AppError, requestId: string): Record<string, string> {
  return {
    "cache-control": "no-store",
    ...(error.retryAfterSeconds === undefined ? {} : { "retry-after": String(error.retryAfterSeconds) }),
    ...error.headers,
    [requestIdHeaderName]: requestId,
  };
}

/** Writes a JSON error, or cuts the connection when an answer has begun. */
export function sendError(res: ServerResponse, status: number, headers: Record<string, string>, body: object): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const text = Buffer.from(JSON.stringify(body));
  res.writeHead(status, { ...headers, "content-length": text.length });
  res.end(text);
}
