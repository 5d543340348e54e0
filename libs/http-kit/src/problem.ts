import type { ServerResponse } from "node:http";
import type { AppError } from "@topdog/errors/app-error";
import { errorHeaders, sendError } from "./send-error.ts";
import { toAppError } from "./to-app-error.ts";

export const problemContentType = "application/problem+json";

/** The members of RFC 9457, our code and the next step; `instance` is the request's id. */
export function problemBody(error: AppError, requestId: string): Record<string, unknown> {
  return {
    ...error.extensions,
    type: `/docs/errors#${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.detail,
    instance: requestId,
    code: error.code,
    nextStep: error.nextStep,
  };
}

/** Answers with problem+json. After the headers are out there is nothing true left to say: the connection is cut. */
export function renderProblem(res: ServerResponse, error: unknown, requestId: string): void {
  const appError = toAppError(error);
  sendError(
    res,
    appError.status,
    { ...errorHeaders(appError, requestId), "content-type": problemContentType },
    problemBody(appError, requestId),
  );
}
