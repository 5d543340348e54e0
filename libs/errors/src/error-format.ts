import type { AppError } from "./app-error.ts";

/** How an error looks on the wire: one for problem+json, one for each family of dialects. */
export interface ErrorFormat {
  readonly contentType: string;
  /** Where SDKs of this format look for the request's id, beside `x-request-id`; null: nowhere else. */
  readonly requestIdHeader: string | null;
  body(error: AppError, requestId: string): object;
  /** What this format adds to the headers that every error has. */
  headers(error: AppError): Readonly<Record<string, string>>;
}
