import { AppError } from "@topdog/errors/app-error";

const retryAfterSeconds = 2;

/** The usage of a call cannot be made durable, so its answer must not go out. */
export const spoolFailure = (cause?: unknown): AppError =>
  new AppError("usage_spool_full", { retryAfterSeconds, ...(cause === undefined ? {} : { cause }) });
