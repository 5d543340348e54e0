import type { Dialect } from "@topdog/dialects/dialect";
import {
  continuedRequest,
  historyOf,
  madeResponse,
  previousNotFound,
  readStorageWish,
  responseRecord,
  type StorageWish,
} from "@topdog/dialects/stored-responses";
import type { KeptAnswers, KeptPlace } from "../domain/kept-answers.ts";
import { type AnswerDeps, isUnreadable } from "./answer-deps.ts";
import { type Call, runningMs } from "./call.ts";
import { rejectCall } from "./complete-call.ts";
import { HeldAnswer, type TakenAnswer } from "./held-answer.ts";

/** Responses are a user's, in the org that the key was made for: no other member, and no key of another org, finds them. */
export const responsePlace = ({ origin: { orgId, userId } }: Pick<Call, "origin">, name: string): KeptPlace => ({
  purpose: "response",
  owner: `${orgId ?? "-"}/${userId}`,
  name,
});

/**
 * A response that its caller lets be stored, and perhaps continues one that was. Providers store nothing: what went before is sent
 * again as input. A response that could not be stored says so itself.
 */
export async function answerStored(
  deps: AnswerDeps,
  dialect: Dialect,
  call: Call,
  body: Buffer,
  run: (call: Call, body: Buffer) => Promise<void>,
): Promise<void> {
  const { kept } = deps;
  if (kept === null) return run(call, body);
  let wish: StorageWish;
  let sent: Buffer;
  try {
    wish = readStorageWish(body);
    sent = continuedRequest(body, wish.previousId === null ? "" : await historyFor(deps, kept, call, wish.previousId));
  } catch (error) {
    return rejectCall(deps, dialect, call, error);
  }
  if (!wish.stores) return run(call, sent);
  const answer = new HeldAnswer(call.answer, { ...deps.keeping, outlivesCaller: false });
  let replaced: Buffer | undefined;
  try {
    await run({ ...call, answer }, sent);
    const taken = answer.taken();
    if (taken !== null) replaced = await store(deps, call, { kept, wish, sent, taken, last: answer.last() });
  } finally {
    answer.letGo(replaced);
  }
}

async function historyFor(deps: AnswerDeps, kept: KeptAnswers, call: Call, id: string): Promise<string> {
  const found = await kept.find(responsePlace(call, id)).catch(isUnreadable(deps));
  if (found === null) throw previousNotFound(id);
  return historyOf(found.content);
}

interface Made {
  readonly kept: KeptAnswers;
  readonly wish: StorageWish;
  readonly sent: Buffer;
  readonly taken: TakenAnswer;
  readonly last: Buffer | string | undefined;
}

/** Returns how the answer ends, if it was stored. */
async function store(deps: AnswerDeps, call: Call, made: Made): Promise<Buffer | undefined> {
  const { kept, wish, sent, taken, last } = made;
  try {
    const streamed = taken.headers["content-length"] === undefined;
    const found = madeResponse(Buffer.from(last ?? ""), streamed, wish.previousId);
    if (found === null) return undefined;
    const record = responseRecord(sent, found.response);
    if (record.length > deps.keeping.maxBytes) return undefined;
    const times = { ttlMs: deps.keeping.responseTtlMs, sinceMs: runningMs(call) };
    await kept.put(responsePlace(call, found.id), call.origin, record, times);
    return found.answerEnd;
  } catch (error) {
    deps.onKeepingFailed(error);
    return undefined;
  }
}
