import { errorRegistry, type ErrorCode } from "./registry.ts";

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Public: what happened, for the caller. No upstream URL, no secret, no other tenant's name. */
  readonly detail?: string | undefined;
  /** Whole seconds; a fraction is rounded up. Sent as Retry-After. */
  readonly retryAfterSeconds?: number | undefined;
  /** The input that is at fault, as a path: `messages[0].content`. */
  readonly param?: string | undefined;
  /** Public members added to a problem+json body. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A fault that a caller is told about: everything but `cause` is public. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly nextStep: string;
  readonly openaiType: string;
  readonly detail: string;
  readonly retryAfterSeconds: number | undefined;
  readonly param: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    const entry = errorRegistry[code];
    const detail = options.detail ?? entry.title;
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = entry.status;
    this.title = entry.title;
    this.retryable = entry.retryable;
    this.nextStep = entry.nextStep;
    this.openaiType = entry.openaiType;
    this.detail = detail;
    this.retryAfterSeconds =
      options.retryAfterSeconds === undefined ? undefined : Math.max(0, Math.ceil(options.retryAfterSeconds));
    this.param = options.param;
    this.extensions = options.extensions ?? {};
    this.headers = options.headers ?? {};
  }
}
