import type { AppError } from "@topdog/errors/app-error";
import type { ErrorFormat } from "@topdog/errors/error-format";
import { errorRenderer } from "./send-error.ts";

export const problemContentType = "application/problem+json";

/** The members of RFC 9457, our code and the next step; `instance` is the request's id. */
export const problemFormat: ErrorFormat = {
  requestIdHeader: null,
  contentType: problemContentType,
  body: (error: AppError, requestId: string) => ({
    ...error.extensions,
    type: `/docs/errors#${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.detail,
    instance: requestId,
    code: error.code,
    nextStep: error.nextStep,
  }),
  headers: () => ({}),
};

export const renderProblem = errorRenderer(problemFormat);
