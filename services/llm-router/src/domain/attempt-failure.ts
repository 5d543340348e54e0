import { AppError } from "@topdog/errors/app-error";
import { type FailureKind, ruleOf } from "./failure-table.ts";

export interface AttemptFailure {
  readonly kind: FailureKind;
  /** The provider's, or the time until the upstream may be tried again. */
  readonly retryAfterSeconds: number | null;
}

/** For how long a credential rests that was limited and did not say for how long. */
export const defaultLimitRestSeconds = 5;

/** After every upstream failed: the first failure's class, and the shortest wait that any of them named. */
export function errorOfFailures([first, ...others]: readonly [AttemptFailure, ...AttemptFailure[]]): AppError {
  const unstated = first.kind === "rate_limited" ? defaultLimitRestSeconds : undefined;
  const waits = [first, ...others].flatMap(({ retryAfterSeconds: wait }) => (wait === null ? [] : [wait]));
  const retryAfterSeconds = waits.length === 0 ? unstated : Math.min(...waits);
  return new AppError(ruleOf(first.kind).error, { retryAfterSeconds });
}

const longestRetryAfterSeconds = 60;
const bounded = (seconds: number): number | null =>
  Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), longestRetryAfterSeconds) : null;

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const decimal = /^\d+(\.\d+)?$/;

/** How long a provider asks to be left alone: in milliseconds, in seconds or until an HTTP date; bounded. */
export function readRetryAfter(headers: Headers, nowMs: number): number | null {
  const text = (name: string): string => {
    const value = headers[name];
    return typeof value === "string" ? value : (value?.[0] ?? "");
  };
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    if (decimal.test(text(name))) return bounded(Number(text(name)) / 1000);
  }
  const given = text("retry-after");
  if (given === "") return null;
  return bounded(decimal.test(given) ? Number(given) : (Date.parse(given) - nowMs) / 1000);
}
