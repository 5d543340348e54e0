import type { AppError } from "@topdog/errors/app-error";
import type { ErrorFormat } from "@topdog/errors/error-format";
import type { ErrorCode } from "@topdog/errors/registry";
import type { ProviderRefusal } from "./dialect.ts";
import { openAiErrors } from "./openai-errors.ts";

const typesByStatus: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
  529: "overloaded_error",
};

const spentCodes: ReadonlySet<ErrorCode> = new Set(["quota_exceeded", "org_share_spent", "daily_ceiling_reached"]);

export function anthropicErrorType(status: number, code: ErrorCode | null = null): string {
  // Clients wait after a rate limit; a spent day is no reason to wait a few seconds.
  if (code !== null && spentCodes.has(code)) return "billing_error";
  return typesByStatus[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
}

/** `code` is ours: Anthropic has one type for all that may be sent again, and a client should know a spent day from a busy platform. */
const errorBody = (type: string, message: string, requestId: string, code?: ErrorCode): object => ({
  type: "error",
  error: { type, message, ...(code === undefined ? {} : { code }) },
  ...(requestId === "" ? {} : { request_id: requestId }),
});

/** Errors as Anthropic's API writes them. Its SDKs retry after the same statuses as OpenAI's. */
export const anthropicErrors: ErrorFormat = {
  contentType: "application/json",
  requestIdHeader: "request-id",
  body: ({ status, code, detail, nextStep, param }: AppError, requestId) => {
    const where = param === undefined || detail.includes(param) ? "" : `${param}: `;
    return errorBody(anthropicErrorType(status, code), `${where}${detail} ${nextStep}`, requestId, code);
  },
  headers: (error) => openAiErrors.headers(error),
};

export const anthropicRefusalBody = ({ message, type }: ProviderRefusal, requestId: string): object =>
  errorBody(type ?? "invalid_request_error", message, requestId);
