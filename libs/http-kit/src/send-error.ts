import type { ServerResponse } from "node:http";
import type { AppError } from "@topdog/errors/app-error";
import type { ErrorFormat } from "@topdog/errors/error-format";
import { requestIdHeaderName } from "./request-id.ts";
import { toAppError } from "./to-app-error.ts";
import { settleUnreadBody } from "./unread-body.ts";

/** Answers with an error. */
export type ErrorRenderer = (res: ServerResponse, error: unknown, requestId: string) => void;

/** What is sent with an error in every format; the error's own headers win. */
function errorHeaders(
  error: AppError,
  { requestIdHeader: also }: ErrorFormat,
  requestId: string,
): Record<string, string> {
  return {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(error.retryAfterSeconds === undefined ? {} : { "retry-after": String(error.retryAfterSeconds) }),
    ...error.headers,
    [requestIdHeaderName]: requestId,
    ...(also === null ? {} : { [also]: requestId }),
  };
}

/** An error as a whole answer. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
}

export function errorAnswer(format: ErrorFormat, error: AppError, requestId: string): ErrorAnswer {
  const body = Buffer.from(JSON.stringify(format.body(error, requestId)));
  const headers = {
    ...format.headers(error),
    ...errorHeaders(error, format, requestId),
    "content-type": format.contentType,
    "content-length": body.length,
  };
  return { status: error.status, headers, body };
}

/**
 * Answers with errors in this format. Once the headers are sent, no error can be told: the connection is cut (a
 * stream ends with its dialect's own error event).
 */
export function errorRenderer(format: ErrorFormat): ErrorRenderer {
  return (res, error, requestId) => {
    if (res.headersSent) {
      res.destroy();
      return;
    }
    settleUnreadBody(res.req, res);
    const { status, headers, body } = errorAnswer(format, toAppError(error), requestId);
    res.writeHead(status, headers);
    res.end(body);
  };
}
