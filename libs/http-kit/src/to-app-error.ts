import { AppError } from "@topdog/errors/app-error";
import type { z } from "zod";

interface HttpError {
  readonly expose: boolean;
  readonly status: number;
  readonly type?: string;
}

/** Made by Express's own parsers. An error of an HTTP client has a status too, but it is another server's. */
const isHttpError = (error: unknown): error is HttpError =>
  error instanceof Error && "expose" in error && "status" in error && typeof error.status === "number";

const formatPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");

/** Describes an invalid input: each fault with its place, never the value that was sent. */
export function invalidRequest(error: z.ZodError, place: "params" | "query" | "body"): AppError {
  const faults = error.issues.map((issue) => ({ in: place, path: formatPath(issue.path), message: issue.message }));
  const first = faults[0];
  return new AppError("invalid_request", {
    detail: faults.map((one) => `${[one.in, one.path].filter(Boolean).join(" ")}: ${one.message}`).join("; "),
    param: first?.path === "" ? undefined : first?.path,
    extensions: { errors: faults },
    cause: error,
  });
}

/** Any thrown value as an AppError: Express's and body-parser's own by their type, everything else is a masked internal error. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isHttpError(error)) {
    if (error.type === "entity.too.large") return new AppError("payload_too_large", { cause: error });
    if (error.type === "entity.parse.failed") return new AppError("malformed_json", { cause: error });
    if (error.status >= 400 && error.status < 500) return new AppError("invalid_request", { cause: error });
  }
  if (error instanceof URIError) return new AppError("invalid_request", { cause: error });
  return new AppError("internal_error", { cause: error });
}
