import { AppError } from "@topdog/errors/app-error";
import type { ErrorCode } from "@topdog/errors/registry";

/** Why an attempt at one upstream gave nothing. */
export const failureKinds = [
  /** No connection, or it was closed before the answer's head. */
  "connect",
  /** No content in time. */
  "timeout",
  /** A 5xx, or an error inside of a 200. */
  "server_error",
  /** 503 or 529. */
  "overloaded",
  "rate_limited",
  /** The platform's own key was refused, or its account is out of credit. */
  "credential",
  /** The answer began and broke off. */
  "cut",
  /** The answer is not one: a redirect, another kind of document, an event that cannot be read. */
  "malformed",
  /** Not tried: as many calls as allowed are in flight there. */
  "saturated",
  /** Not tried: its breaker is open. */
  "resting",
  /** The call's own deadline passed. */
  "deadline",
  /** The caller went away. */
  "aborted",
] as const;
export type FailureKind = (typeof failureKinds)[number];

export interface AttemptFailure {
  readonly kind: FailureKind;
  /** The provider's, or the time until the upstream may be tried again. */
  readonly retryAfterSeconds: number | null;
}

/** What an HTTP status of an upstream means: the answer itself, the caller's own fault, or a failure to fall back from. */
export function classifyStatus(status: number): "answer" | "callers_fault" | FailureKind {
  if (status === 200) return "answer";
  if (status === 408) return "timeout";
  if (status === 429 || status === 425) return "rate_limited";
  if (status === 401 || status === 402 || status === 403) return "credential";
  if (status === 503 || status === 529) return "overloaded";
  if (status >= 400 && status < 500) return "callers_fault";
  return status >= 500 ? "server_error" : "malformed";
}

export type HealthSign = "success" | "failure" | "neutral";

/** What the failure says about the upstream's health. A limit or a bad key concerns one credential, not the upstream. */
export function healthSignOf(kind: FailureKind): HealthSign {
  switch (kind) {
    case "rate_limited":
    case "credential":
      return "success";
    case "aborted":
    case "deadline":
    case "saturated":
    case "resting":
      return "neutral";
    default:
      return "failure";
  }
}

const errorCodes: Record<FailureKind, ErrorCode> = {
  connect: "upstream_unavailable",
  timeout: "upstream_timeout",
  server_error: "upstream_failed",
  overloaded: "upstream_overloaded",
  rate_limited: "upstream_rate_limited",
  credential: "upstream_rejected",
  cut: "upstream_answer_cut",
  malformed: "upstream_answer_invalid",
  saturated: "overloaded",
  resting: "upstream_resting",
  deadline: "upstream_timeout",
  aborted: "upstream_unavailable",
};

/** For how long an upstream rests that was limited and did not say for how long. */
export const defaultLimitRestSeconds = 5;

/** After every upstream failed: the first failure's class, and the shortest wait that any of them named. */
export function errorOfFailures([first, ...others]: readonly [AttemptFailure, ...AttemptFailure[]]): AppError {
  const unstated = first.kind === "rate_limited" ? defaultLimitRestSeconds : undefined;
  const waits = [first, ...others].flatMap(({ retryAfterSeconds: wait }) => (wait === null ? [] : [wait]));
  const retryAfterSeconds = waits.length === 0 ? unstated : Math.min(...waits);
  return new AppError(errorCodes[first.kind], { retryAfterSeconds });
}

const longestRetryAfterSeconds = 60;

/** `retry-after` in seconds or as an HTTP date; bounded. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const seconds = /^\d+(\.\d+)?$/.test(header) ? Number(header) : (Date.parse(header) - nowMs) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), longestRetryAfterSeconds) : null;
}
