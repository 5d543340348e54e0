import type { AppError } from "@topdog/errors/app-error";
import type { ErrorFormat } from "@topdog/errors/error-format";
import type { ProviderRefusal } from "./dialect.ts";

/** Statuses after which OpenAI's SDKs retry, unless told not to. */
const sdkRetries = (status: number): boolean => status === 408 || status === 409 || status === 429 || status >= 500;

const openAiErrorBody = (message: string, type: string, param: string | null, code: string | null): object => ({
  error: { message, type, param, code },
});

/** Errors as all of OpenAI's APIs write them. An error that a retry cannot cure says so, else SDKs send the request three times. */
export const openAiErrors: ErrorFormat = {
  contentType: "application/json",
  requestIdHeader: null,
  body: ({ detail, nextStep, openaiType, param, code }: AppError) =>
    openAiErrorBody(`${detail} ${nextStep}`, openaiType, param ?? null, code),
  headers: ({ status, retryable }: AppError): Readonly<Record<string, string>> =>
    sdkRetries(status) && !retryable ? { "x-should-retry": "false" } : {},
};

export const openAiRefusalBody = ({ message, type, param, code }: ProviderRefusal): object =>
  openAiErrorBody(message, type ?? "invalid_request_error", param, code);
