import type { PlanMeter } from "@topdog/contracts/quota";
import type { AppError } from "@topdog/errors/app-error";
import type { ErrorFormat } from "@topdog/errors/error-format";

export type OperationCost = readonly [PlanMeter, ...PlanMeter[]];

export const isFree = (cost: Operation["cost"]): cost is readonly [] => cost.length === 0;

/** What admitting, charging, recording and refusing a call need to know of an operation of the LLM API. */
export interface Operation {
  /** Its name in usage records, metrics and traces: the one that its API's reference gives it. */
  readonly endpoint: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Its addresses, as Express writes them. */
  readonly paths: readonly string[];
  /** What a call takes from the caller's own buckets, the API call first; nothing for what is free and limited by the minute. */
  readonly cost: OperationCost | readonly [];
  readonly errors: ErrorFormat;
  /** Headers of a request, in lower case, that a provider of this dialect gets as they came; all others stay here. */
  readonly passedHeaders: readonly string[];
  /** Its path goes to the router with the query. */
  readonly takesQuery?: true;
  /** Null where no answer is a stream. */
  readonly stream: StreamFormat | null;
}

/** Says what data a call is about. Routers read it; no provider gets it. */
export const segmentHeader = "x-data-segment";

/** Of headers whose names, in lower case, and values alternate. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) if (headers[index] === name) return headers[index + 1];
  return undefined;
}

export const withoutHeader = (headers: readonly string[], name: string): readonly string[] =>
  headerOf(headers, name) === undefined ? headers : headers.filter((_, index) => headers[index - (index % 2)] !== name);

export interface StreamFormat {
  readonly contentType: string;
  /** Keeps a silent stream open; no client takes it for an event. */
  readonly keepAlive: string;
  /** Ends a complete answer whose provider left out the end event; null where that event says what only the provider knows. */
  readonly endEvent: string | null;
  /** Ends a stream that broke. No end event follows it, so that no client takes the answer for complete. */
  errorEvent(error: AppError): string;
}

/** Headers by which a caller asks the platform itself for something; routers get them, providers do not. */
export const platformHeaders = ["idempotency-key", "x-topdog-cache"] as const;
