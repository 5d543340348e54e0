import { headerOf, type Operation, segmentHeader } from "@topdog/dialects/operation";
import type { Dialect, ModelRequest } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";
import { errorOfFailures } from "../domain/attempt-failure.ts";
import { readSegment } from "../domain/routing-policy.ts";
import { estimatePromptTokens } from "../domain/token-usage.ts";
import { noTokens, providerlessUsage } from "../domain/usage-record.ts";
import type { SpooledCall } from "../domain/usage-spool.ts";
import {
  type Call,
  type CallDeps,
  costHeader,
  costText,
  type ModelCall,
  modelUsage,
  producedTokens,
  requireAllowed,
  servedHeaders,
} from "./call.ts";
import { chooseRoutes, type RouteCaller, type Routes } from "./choose-routes.ts";
import { startEarlyHead } from "./early-head.ts";
import { relayStream } from "./relay-stream.ts";
import { spoolFailure } from "./spool-failure.ts";
import { type Tried, tryUpstreams } from "./try-upstreams.ts";

/** The whole of one call of a model. Throws AppError while nothing has been sent; after that it ends the answer itself. */
export async function completeCall(deps: CallDeps, dialect: Dialect, admitted: Call, body: Buffer): Promise<void> {
  let request: ModelRequest;
  let routes: Routes;
  try {
    request = dialect.readRequest(body);
    requireAllowed(deps.catalog, admitted, request.model);
    const caller = routeCaller(admitted, request);
    routes = await chooseRoutes(deps, caller, request.model, dialect.id);
  } catch (error) {
    return rejectCall(deps, dialect, admitted, error);
  }
  const call: ModelCall = { ...admitted, dialect, request };
  const spooled = deps.spool.begin({
    ...call.origin,
    endpoint: dialect.endpoint,
    streamed: request.streamed,
    model: request.model,
    promptTokensEstimate: estimatePromptTokens(request.callerBytes),
  });
  if (spooled === null) {
    deps.observer.refused();
    throw spoolFailure();
  }
  call.answer.accountedFor();
  const { tried, headIsOut } = await tryInTime(deps, call, routes, spooled);
  if (!tried.ok) return giveUp(deps, call, spooled, tried);
  if (tried.outcome.kind === "stream") {
    const { outcome, ...served } = tried;
    return relayStream(deps, call, {
      ...served,
      dropped: droppedOf(request, outcome),
      stream: outcome.stream,
      spooled,
      headIsOut,
    });
  }
  return answerWhole(deps, call, spooled, tried, { ...tried.outcome, headIsOut });
}

/** Tries upstreams while the caller of a stream is kept. */
async function tryInTime(
  deps: CallDeps,
  call: ModelCall,
  routes: Routes,
  spooled: SpooledCall,
): Promise<{ readonly tried: Tried; readonly headIsOut: boolean }> {
  if (!call.request.streamed) return { tried: await tryUpstreams(deps, call, routes), headIsOut: false };
  const early = startEarlyHead(deps, call, spooled);
  try {
    const tried = await tryUpstreams(deps, call, routes);
    return { tried, headIsOut: await early.stop() };
  } catch (error) {
    await early.stop();
    throw error;
  }
}

/** Throws AppError invalid_request for a segment that does not exist. */
function routeCaller(call: Call, { model }: ModelRequest): RouteCaller {
  const { origin, tenants, headers, allowedModels, modelRules: rules } = call;
  const { userId, orgId } = origin;
  const models = allowedModels === null || allowedModels.includes(model) ? null : allowedModels;
  return { userId, orgId, tenants, models, rules, segment: readSegment(headerOf(headers, segmentHeader)) };
}

/** Ended before any provider was asked, in one record: the caller's own fault is charged, ours is not. */
export async function rejectCall(
  deps: Pick<CallDeps, "spool" | "nowMs">,
  { endpoint }: Operation,
  call: Call,
  error: unknown,
): Promise<never> {
  const result = { endpoint, outcome: isOurFault(error) ? "failed" : "rejected", model: null } as const;
  const usage = providerlessUsage(call.origin, result, deps.nowMs());
  if (await deps.spool.record(usage)) call.answer.recorded(usage);
  throw error;
}

const isOurFault = (error: unknown): boolean => error instanceof AppError && error.status >= 500;

/** What no provider was told, and what this one was not. */
const droppedOf = (
  request: ModelRequest,
  outcome: { readonly dropped?: readonly string[] },
): readonly string[] | undefined =>
  request.dropped === undefined ? outcome.dropped : [...request.dropped, ...(outcome.dropped ?? [])];

type Success = Extract<Tried, { ok: true }>;
type Whole = Exclude<Success["outcome"], { kind: "stream" }> & { readonly headIsOut: boolean };

/** A plain answer, or a provider's refusal: durable first, then out in one piece. */
async function answerWhole(
  deps: CallDeps,
  call: ModelCall,
  spooled: SpooledCall,
  tried: Success,
  outcome: Whole,
): Promise<void> {
  const { answer, dialect, request, origin } = call;
  tried.upstreamCall.end();
  const refused = outcome.kind === "refusal";
  const tokens = refused ? noTokens : (outcome.usage ?? producedTokens(request, tried.attempts, 0));
  const ended = refused ? "rejected" : answer.isLost() ? "interrupted" : answer.isGone() ? "client_closed" : "ok";
  // Nothing of it has gone out, and its caller did not choose that.
  const charged = { refund: answer.isLost(), refundsLlmRequest: refused };
  const usage = modelUsage(deps, call, { ...tried, ...charged, outcome: ended, tokens });
  answer.recorded(usage);
  try {
    await spooled.finish(usage);
  } catch (error) {
    throw spoolFailure(error);
  }
  if (outcome.headIsOut && refused && dialect.stream !== null) {
    const { message: detail, param } = outcome.refusal;
    return answer.end(
      dialect.stream.errorEvent(new AppError("invalid_request", { detail, param: param ?? undefined })),
    );
  }
  const body = refused
    ? Buffer.from(JSON.stringify(dialect.refusalBody(outcome.refusal, origin.requestId)))
    : outcome.body;
  answer.head(refused ? outcome.status : 200, {
    "content-type": "application/json",
    "content-length": body.length,
    ...servedHeaders({ ...tried, dropped: refused ? [] : droppedOf(request, outcome) }),
    [costHeader]: costText(usage),
  });
  answer.end(body);
}

/** No upstream answered. All tokens go back; when the caller left by themselves, only the LLM request does. */
async function giveUp(
  deps: CallDeps,
  call: ModelCall,
  spooled: SpooledCall,
  { failures, attempts, credential }: Extract<Tried, { ok: false }>,
): Promise<void> {
  const left = call.answer.isGone();
  const error = errorOfFailures(failures);
  // The caller's own key is the caller's to mend.
  const isTheirs = !left && credential !== "platform" && error.code === "upstream_rejected";
  const tokens = left ? producedTokens(call.request, attempts, 0) : noTokens;
  const isLost = call.answer.isLost();
  const outcome = isLost ? "interrupted" : left ? "client_closed" : isTheirs ? "rejected" : "failed";
  const charged = { refund: isLost || (!left && !isTheirs), refundsLlmRequest: left || isTheirs };
  const usage = modelUsage(deps, call, { offer: null, attempts, outcome, ...charged, tokens });
  call.answer.recorded(usage);
  await spooled.finish(usage).catch((error: unknown) => {
    throw spoolFailure(error);
  });
  // The caller has left: nobody can be told, and nothing went wrong.
  if (left) return call.answer.cut();
  const { code, retryAfterSeconds } = error;
  throw new AppError(isTheirs ? "byok_credential_refused" : code, {
    retryAfterSeconds,
    headers: servedHeaders({ offer: null, attempts }),
  });
}
