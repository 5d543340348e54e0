import { AppError } from "@topdog/errors/app-error";
import { errorOfFailures } from "../domain/attempt-failure.ts";
import { type ChatRequest, readChatRequest } from "../domain/chat-request.ts";
import type { Offer } from "../domain/model-catalog.ts";
import { estimatePromptTokens } from "../domain/token-usage.ts";
import { noTokens, providerlessUsage } from "../domain/usage-record.ts";
import type { SpooledCall } from "../domain/usage-spool.ts";
import { type ChatCall, type ChatDeps, chatUsage, producedTokens, servedHeaders } from "./chat-call.ts";
import { relayStream } from "./relay-stream.ts";
import { spoolFailure } from "./spool-failure.ts";
import { type Tried, tryUpstreams } from "./try-upstreams.ts";

/** The whole of one chat completion. Throws AppError while nothing has been sent; after that it ends the answer itself. */
export async function completeChat(deps: ChatDeps, call: ChatCall, body: Buffer): Promise<void> {
  let request: ChatRequest;
  let offers: readonly Offer[];
  try {
    request = readChatRequest(body);
    offers = deps.catalog.offersOf(request.model);
  } catch (error) {
    return rejectCall(deps, call, error);
  }
  const spooled = deps.spool.begin({
    ...call.facts,
    endpoint: "chat.completions",
    streamed: request.streamed,
    model: request.model,
    promptTokensEstimate: estimatePromptTokens(request.bodyBytes),
  });
  if (spooled === null) {
    deps.observer.refused();
    call.answer.markUnmetered();
    throw spoolFailure();
  }
  const tried = await tryUpstreams(deps, call, request, offers);
  if (!tried.ok) return giveUp(deps, call, request, spooled, tried);
  if (tried.outcome.kind === "stream") {
    const { outcome, ...served } = tried;
    return relayStream(deps, call, request, { ...served, stream: outcome.stream, spooled });
  }
  return answerWhole(deps, call, request, spooled, tried, tried.outcome);
}

/** The caller's own fault, found before any provider was asked: charged, recorded in one record. */
export async function rejectCall(
  deps: Pick<ChatDeps, "spool" | "nowMs">,
  call: ChatCall,
  error: unknown,
): Promise<never> {
  const result = { endpoint: "chat.completions", outcome: "rejected", model: null } as const;
  const recorded = await deps.spool.record(providerlessUsage(call.facts, result, deps.nowMs()));
  if (!recorded) call.answer.markUnmetered();
  throw error;
}

type Success = Extract<Tried, { ok: true }>;
type Whole = Exclude<Success["outcome"], { kind: "stream" }>;

/** A plain answer, or a provider's refusal: durable first, then out in one piece. */
async function answerWhole(
  deps: ChatDeps,
  call: ChatCall,
  request: ChatRequest,
  spooled: SpooledCall,
  tried: Success,
  outcome: Whole,
): Promise<void> {
  tried.lease.end();
  const refused = outcome.kind === "refusal";
  const tokens = refused ? noTokens : (outcome.usage ?? producedTokens(request, tried.attempts, 0));
  const ended = refused ? "rejected" : call.answer.isGone() ? "client_closed" : "ok";
  try {
    await spooled.finish(chatUsage(deps, call, request, { ...tried, outcome: ended, refund: false, tokens }));
  } catch (error) {
    throw spoolFailure(error);
  }
  call.answer.head(refused ? outcome.status : 200, {
    "content-type": "application/json",
    "content-length": outcome.body.length,
    ...servedHeaders(tried),
  });
  call.answer.end(outcome.body);
}

/** No upstream answered: given back to the caller, unless it was the caller who left. */
async function giveUp(
  deps: ChatDeps,
  call: ChatCall,
  request: ChatRequest,
  spooled: SpooledCall,
  { failures, attempts }: Extract<Tried, { ok: false }>,
): Promise<never> {
  const left = call.answer.isGone();
  const tokens = left ? producedTokens(request, attempts, 0) : noTokens;
  const outcome = left ? "client_closed" : "failed";
  const usage = chatUsage(deps, call, request, { offer: null, attempts, outcome, refund: !left, tokens });
  await spooled.finish(usage).catch((error: unknown) => {
    throw spoolFailure(error);
  });
  const { code, retryAfterSeconds } = errorOfFailures(failures);
  throw new AppError(code, { retryAfterSeconds, headers: servedHeaders({ offer: null, attempts }) });
}
