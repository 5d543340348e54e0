import type { Dialect } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";
import type { KeptAnswers, KeptPlace } from "../domain/kept-answers.ts";
import { type AnswerDeps, fingerprintOf } from "./answer-deps.ts";
import { type Call, requireAllowed, runningMs } from "./call.ts";
import { rejectCall } from "./complete-call.ts";
import { HeldAnswer } from "./held-answer.ts";
import { packAnswer, sendKept, settleFree, unpackAnswer } from "./replayed-answer.ts";

const maxTtlSeconds = 86_400;

function ttlMsOf(wish: string): number {
  const seconds = /^\d{1,5}$/.test(wish) ? Number(wish) : 0;
  if (seconds >= 1 && seconds <= maxTtlSeconds) return seconds * 1000;
  const detail = `'x-topdog-cache' must be a number of seconds from 1 to ${maxTtlSeconds}.`;
  throw new AppError("invalid_request", { detail, param: "x-topdog-cache" });
}

/** What the cache must know of a request before it may answer it. */
function modelOf({ catalog }: AnswerDeps, dialect: Dialect, call: Call, body: Buffer): string {
  const { model } = dialect.readRequest(body);
  requireAllowed(catalog, call, model);
  return model;
}

/**
 * For a caller that asks for it: the same request of the same user or org within the time gets the same answer. A hit costs the API call
 * and no LLM request. A cache that cannot be read is a miss.
 */
export async function answerFromCache(
  deps: AnswerDeps,
  dialect: Dialect,
  call: Call,
  body: Buffer,
  run: (call: Call) => Promise<void>,
): Promise<void> {
  const { kept } = deps;
  const { cacheSeconds } = call.wishes;
  if (cacheSeconds === null) return run(call);
  let ttlMs: number;
  let model: string;
  try {
    ttlMs = ttlMsOf(cacheSeconds);
    model = modelOf(deps, dialect, call, body);
  } catch (error) {
    return rejectCall(deps, dialect, call, error);
  }
  if (kept === null) return run(call);
  const { orgId, userId } = call.origin;
  const owner = orgId === null ? `user:${userId}` : `org:${orgId}`;
  const at: KeptPlace = { purpose: "cache", owner, name: fingerprintOf(dialect, call, body) };
  const found = await kept.find(at).catch((error: unknown) => {
    deps.onKeepingFailed(error);
    return null;
  });
  if (found !== null && found.ageSeconds * 1000 < ttlMs) {
    await settleFree(deps, dialect, call, { outcome: "ok", free: "llm_request", model });
    const more = { "x-topdog-cache": "hit", "x-topdog-cache-age": String(found.ageSeconds) } as const;
    return sendKept(call, unpackAnswer(found.content), more);
  }
  return fill(deps, call, { kept, at, ttlMs }, run);
}

async function fill(
  deps: AnswerDeps,
  call: Call,
  { kept, at, ttlMs }: { readonly kept: KeptAnswers; readonly at: KeptPlace; readonly ttlMs: number },
  run: (call: Call) => Promise<void>,
): Promise<void> {
  const answer = new HeldAnswer(call.answer, {
    ...deps.keeping,
    outlivesCaller: false,
    also: { "x-topdog-cache": "miss" },
  });
  try {
    await run({ ...call, answer });
  } finally {
    const taken = answer.taken();
    if (taken !== null)
      await kept
        .put(at, call.origin, packAnswer(taken), { ttlMs, sinceMs: runningMs(call) })
        .catch((error: unknown) => deps.onKeepingFailed(error));
    answer.letGo();
  }
}
