import { createHash } from "node:crypto";
import type { Dialect } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";
import type { BodyBudget } from "@topdog/http-kit/body-budget";
import type { KeptAnswers } from "../domain/kept-answers.ts";
import type { Call, CallDeps } from "./call.ts";

export interface AnswerDeps extends CallDeps {
  /** Null where this installation keeps nothing. */
  readonly kept: KeptAnswers | null;
  readonly keeping: {
    /** Of one answer. */
    readonly maxBytes: number;
    /** Of all that are held at once. */
    readonly budget: BodyBudget;
    readonly idempotencyTtlMs: number;
    readonly responseTtlMs: number;
  };
  readonly onKeepingFailed: (error: unknown) => void;
}

export const unreadable = (): AppError => new AppError("storage_unavailable", { retryAfterSeconds: 1 });

/** For `catch`: logs why and throws what the caller is told. */
export const isUnreadable =
  ({ onKeepingFailed }: AnswerDeps) =>
  (error: unknown): never => {
    onKeepingFailed(error);
    throw unreadable();
  };

/** What makes two requests the same: where they go, what is passed on with them, who may answer them, and every byte of the body. */
export function fingerprintOf({ endpoint }: Dialect, call: Call, body: Buffer): string {
  const { headers, allowedModels, modelRules } = call;
  const hash = createHash("sha256").update(JSON.stringify([endpoint, headers, allowedModels, modelRules]));
  return hash.update(body).digest("hex");
}
