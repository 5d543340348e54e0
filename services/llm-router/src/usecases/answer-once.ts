import { createHash } from "node:crypto";
import type { Dialect } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";
import type { Claimed, KeptAnswers, KeptPlace } from "../domain/kept-answers.ts";
import { type AnswerDeps, fingerprintOf, isUnreadable, unreadable } from "./answer-deps.ts";
import type { Call } from "./call.ts";
import { rejectCall } from "./complete-call.ts";
import { HeldAnswer } from "./held-answer.ts";
import { packAnswer, sendKept, settleFree, unpackAnswer } from "./replayed-answer.ts";

const maxKeyCharacters = 255;
const printable = /^[\x21-\x7e]+$/;
/** Beyond the call's own deadline: its end must still find the claim. */
const claimMarginMs = 30_000;

function placeOf(call: Call, key: string): KeptPlace {
  if (key.length > maxKeyCharacters || !printable.test(key)) {
    const detail = `'Idempotency-Key' must be 1 to ${maxKeyCharacters} printable characters without spaces.`;
    throw new AppError("invalid_request", { detail, param: "Idempotency-Key" });
  }
  return { purpose: "idempotency", owner: call.origin.keyId, name: createHash("sha256").update(key).digest("hex") };
}

/**
 * The first answer for an Idempotency-Key of this API key, however often and at whichever router it is asked for: made once, charged
 * once. While it is made, others get 409. Its call goes on without its caller, since that is who asks again.
 */
export async function answerOnce(
  deps: AnswerDeps,
  dialect: Dialect,
  call: Call,
  body: Buffer,
  run: (call: Call) => Promise<void>,
): Promise<void> {
  const { idempotencyKey } = call.wishes;
  if (idempotencyKey === null) return run(call);
  let kept: KeptAnswers;
  let at: KeptPlace;
  let claimed: Claimed;
  try {
    if (deps.kept === null) throw unreadable();
    kept = deps.kept;
    at = placeOf(call, idempotencyKey);
    const withinMs = call.deadlineMs - deps.nowMs() + claimMarginMs;
    claimed = await kept.claim(at, call.origin, fingerprintOf(dialect, call, body), withinMs).catch(isUnreadable(deps));
    if (claimed.kind === "other_request") throw new AppError("idempotency_key_reused", { param: "Idempotency-Key" });
  } catch (error) {
    return rejectCall(deps, dialect, call, error);
  }
  if (claimed.kind === "claimed") return makeFirst(deps, call, { kept, at, claim: claimed.claim }, run);
  if (claimed.kind === "kept") {
    await settleFree(deps, dialect, call, { outcome: "ok", free: "everything", model: null });
    return sendKept(call, unpackAnswer(claimed.content), { "x-topdog-replayed": "true" });
  }
  // The first call is charged; this one is not.
  await settleFree(deps, dialect, call, { outcome: "rejected", free: "everything", model: null });
  if (claimed.kind === "running") throw new AppError("idempotency_in_progress", { retryAfterSeconds: 1 });
  throw new AppError("idempotency_answer_too_large");
}

interface Claim {
  readonly kept: KeptAnswers;
  readonly at: KeptPlace;
  readonly claim: string;
}

async function makeFirst(
  deps: AnswerDeps,
  call: Call,
  { kept, at, claim }: Claim,
  run: (call: Call) => Promise<void>,
): Promise<void> {
  const answer = new HeldAnswer(call.answer, { ...deps.keeping, outlivesCaller: true });
  try {
    await run({ ...call, answer });
  } finally {
    const taken = answer.taken();
    const settled = answer.isWhole()
      ? kept.keep(at, claim, taken === null ? null : packAnswer(taken), deps.keeping.idempotencyTtlMs)
      : kept.giveUp(at, claim);
    // The answer is there and charged: whoever waits for it gets it, and until the claim lapses nobody makes another.
    await settled.catch((error: unknown) => deps.onKeepingFailed(error));
    answer.letGo();
  }
}
