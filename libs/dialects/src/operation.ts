import type { Meter } from "@topdog/contracts/quota";
import type { AppError } from "@topdog/errors/app-error";
import type { ErrorFormat } from "@topdog/errors/error-format";

/** An operation of the LLM API, as far as admitting, charging, recording and refusing its calls goes. */
export interface Operation {
  /** Its name in usage records, metrics and traces: the one that its API's reference gives it. */
  readonly endpoint: string;
  readonly method: "GET" | "POST";
  /** Its addresses, as Express writes them. */
  readonly paths: readonly string[];
  /** Taken of the caller's own allowance, the API call first. */
  readonly cost: readonly [Meter, ...Meter[]];
  readonly errors: ErrorFormat;
  /** Null where no answer is a stream. */
  readonly stream: StreamFormat | null;
}

export interface StreamFormat {
  readonly contentType: string;
  /** Says "still here" where nothing is said: no client takes it for an event. */
  readonly keepAlive: string;
  /** Ends a whole stream whose provider left its end event out. */
  readonly endEvent: string;
  /** Ends a stream that broke. No end event follows it, so that no client takes the answer for whole. */
  errorEvent(error: AppError): string;
}
