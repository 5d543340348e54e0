import type { Dialect } from "@topdog/dialects/dialect";
import type { AnswerDeps } from "./answer-deps.ts";
import { answerFromCache } from "./answer-from-cache.ts";
import { answerOnce } from "./answer-once.ts";
import type { Call } from "./call.ts";
import { completeCall } from "./complete-call.ts";
import { answerStored } from "./store-response.ts";

/** One call of a model: once for an idempotency key, from the cache if its caller wants that, else by a provider. */
export const answerCall = (deps: AnswerDeps, dialect: Dialect, admitted: Call, body: Buffer): Promise<void> =>
  answerOnce(deps, dialect, admitted, body, (once) =>
    answerFromCache(deps, dialect, once, body, (call) =>
      dialect.id === "openai-responses"
        ? answerStored(deps, dialect, call, body, (stored, sent) => completeCall(deps, dialect, stored, sent))
        : completeCall(deps, dialect, call, body),
    ),
  );
