import { AppError } from "@topdog/errors/app-error";
import CircuitBreaker from "opossum";
import { Stripe } from "stripe";

const { errors } = Stripe;
const retryAfterSeconds = 5;
const serverFault = 500;

const isBreakerOpen = (error: unknown): boolean => error instanceof Error && CircuitBreaker.isOurError(error);

/** Stripe did not answer, or not with a decision. */
export const isStripeAway = (error: unknown): boolean =>
  !(error instanceof errors.StripeError) ||
  error instanceof errors.StripeConnectionError ||
  error instanceof errors.StripeRateLimitError ||
  error instanceof errors.StripeAPIError ||
  (error.statusCode ?? serverFault) >= serverFault;

/** Whether what was asked for may have been done, or may be under way, although an error came back. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  !(error instanceof AppError) ||
  ((error.code === "payments_unavailable" || error.code === "internal_error") && !isBreakerOpen(error.cause));

/** Nothing can be asked of Stripe now. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.code === "payments_unavailable";

/** Stripe understood the request and said no. */
export const isRefused = (error: unknown): boolean => error instanceof AppError && error.code === "conflict";

/** Stripe said that the thing does not exist, or no longer. */
export const isMissing = (error: unknown): boolean => stripeCode(error) === "resource_missing";

/** Stripe has a fault of its own stored under this idempotency key, and would repeat it for a day. */
export const isStoredFault = (error: unknown): boolean =>
  error instanceof AppError &&
  error.cause instanceof errors.StripeError &&
  (error.cause.statusCode ?? 0) >= serverFault &&
  error.cause.headers?.["idempotent-replayed"] === "true";

/** The machine-readable reason, for logs and reports: Stripe's messages may repeat what was sent. */
export const stripeCode = (error: unknown): string | undefined => {
  const cause = error instanceof AppError ? error.cause : error;
  return cause instanceof errors.StripeError ? cause.code : undefined;
};

export const isPermissionError = (error: unknown): boolean =>
  error instanceof AppError && error.cause instanceof errors.StripePermissionError;

export function toAppError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  if (cause instanceof errors.StripeCardError) {
    return new AppError("payment_failed", {
      cause,
      extensions: { declineCode: cause.decline_code ?? cause.code ?? null },
    });
  }
  // 409: another request has the same idempotency key, or the object's lock.
  if (isStripeAway(cause) || (cause instanceof errors.StripeError && cause.statusCode === 409)) {
    return new AppError("payments_unavailable", { cause, retryAfterSeconds });
  }
  if (cause instanceof errors.StripeInvalidRequestError) {
    const detail = `The payment service refused the request: ${cause.code ?? "invalid"}.`;
    return new AppError("conflict", { cause, detail });
  }
  // Authentication, permission, idempotency: a mistake of ours or of the installation.
  return new AppError("internal_error", { cause });
}
