import type { ServerResponse } from "node:http";
import type { AppError } from "@topdog/errors/app-error";
import { errorHeaders, sendError } from "./send-error.ts";
import { toAppError } from "./to-app-error.ts";

export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

/** Statuses that OpenAI's SDKs send again by themselves, unless told not to. */
const sdkRetries = (status: number): boolean => status === 408 || status === 409 || status === 429 || status >= 500;

export function openAiErrorBody(error: unknown): OpenAiErrorBody {
  const { detail, nextStep, openaiType, param, code } = toAppError(error);
  return { error: { message: `${detail} ${nextStep}`, type: openaiType, param: param ?? null, code } };
}

/** The headers of an error in the OpenAI dialect: what is useless to repeat says so, else SDKs send it three times. */
export function openAiErrorHeaders(error: AppError, requestId: string): Record<string, string> {
  return {
    ...(sdkRetries(error.status) && !error.retryable ? { "x-should-retry": "false" } : {}),
    ...errorHeaders(error, requestId),
    "content-type": "application/json",
  };
}

/** Answers in the OpenAI dialect. After the headers are out the connection is cut: a stream ends with its own error event. */
export function renderOpenAiError(res: ServerResponse, error: unknown, requestId: string): void {
  const appError = toAppError(error);
  sendError(res, appError.status, openAiErrorHeaders(appError, requestId), openAiErrorBody(appError));
}
