import type { ModelRules } from "@topdog/contracts/model-rules";
import type { ServedHeaderName } from "@topdog/contracts/served-headers";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Dialect, ModelRequest } from "@topdog/dialects/dialect";
import type { TokenUsage } from "@topdog/dialects/token-usage";
import { AppError } from "@topdog/errors/app-error";
import type { FailureKind } from "../domain/failure-table.ts";
import type { HedgeBudget } from "../domain/hedge-budget.ts";
import type { ModelCatalog, Offer } from "../domain/model-catalog.ts";
import { costNanoUsd, toUsdText } from "../domain/models.ts";
import { rulesAllowName } from "../domain/model-rules.ts";
import { estimatePromptTokens } from "../domain/token-usage.ts";
import { type CallOrigin, noTokens, usageRecord } from "../domain/usage-record.ts";
import type { UsageSpool } from "../domain/usage-spool.ts";
import { notPermitted, type RouteDeps } from "./choose-routes.ts";
import type { AnswerSink } from "./answer-sink.ts";

/** `won`: the second one answered. */
export type HedgeResult = "won" | "lost" | "over_budget";

export interface CallObserver {
  attempt(upstreamId: string, outcome: "ok" | "refused" | FailureKind): void;
  firstContent(upstreamId: string, ms: number): void;
  /** The first provider is asked, so long after the call arrived. */
  firstAsked(ms: number): void;
  /** A second attempt beside a slow one; over budget: there was none for that reason. */
  hedged(result: HedgeResult): void;
  /** What the attempt that was broken off has cost, as far as is known; 1e-9 US dollars. */
  hedgeCost(nanoUsd: number): void;
  /** A call was refused because its usage could not be recorded. */
  refused(): void;
}

export interface CallDeps extends RouteDeps {
  readonly spool: UsageSpool;
  readonly observer: CallObserver;
  readonly hedges: HedgeBudget;
  readonly timeouts: {
    /** Of a stream, until its first content event. */
    readonly firstContentMs: number;
    /** Of a plain answer, until it is whole. */
    readonly plainAnswerMs: number;
    readonly interChunkMs: number;
    /** Until a silent stream gets a comment. */
    readonly keepAliveMs: number;
    /** How long a caller that does not read may hold a stream. */
    readonly callerDrainMs: number;
  };
  readonly nowMs: () => number;
  /** Counts up: spreads calls between equals. */
  readonly nextTurn: () => number;
}

export interface CallWishes {
  readonly idempotencyKey: string | null;
  readonly cacheSeconds: string | null;
}

/** One admitted call on its way. */
export interface Call {
  readonly origin: CallOrigin;
  readonly deadlineMs: number;
  /** When it arrived, by `performance.now()`. */
  readonly arrivedMs: number;
  /** Of the request, for the provider; names and values alternate. */
  readonly headers: readonly string[];
  /** What the caller asks the platform for by headers, as it came. */
  readonly wishes: CallWishes;
  /** The only models that the caller's key may call; null: all. */
  readonly allowedModels: readonly string[] | null;
  /** Of the key's org; null: none. */
  readonly modelRules: ModelRules | null;
  readonly answer: AnswerSink;
  /** Whose credentials may serve it, in order. */
  readonly tenants: readonly string[];
}

export const runningMs = ({ arrivedMs }: Call): number => performance.now() - arrivedMs;

/** A key that may call what a name stands for may call it by that name. */
const keyAllows = (allowedModels: readonly string[] | null, names: readonly string[]): boolean =>
  allowedModels === null || names.some((one) => allowedModels.includes(one));

type ModelLimits = Pick<Call, "allowedModels" | "modelRules">;

/** By the key and by its org. */
export function mayCall(
  catalog: Pick<ModelCatalog, "targetsOf">,
  { allowedModels, modelRules }: ModelLimits,
  name: string,
): boolean {
  const targets = catalog.targetsOf(name);
  return keyAllows(allowedModels, [name, ...targets]) && rulesAllowName(modelRules, name, targets);
}

/** Throws AppError model_not_allowed. */
export function requireAllowed(catalog: Pick<ModelCatalog, "targetsOf">, limits: ModelLimits, name: string): void {
  if (mayCall(catalog, limits, name)) return;
  const isByKey = !mayCall(catalog, { ...limits, modelRules: null }, name);
  throw isByKey ? new AppError("model_not_allowed", { param: "model" }) : notPermitted("general");
}

/** An admitted call of a model, its request read. */
export interface ModelCall extends Call {
  readonly dialect: Dialect;
  readonly request: ModelRequest;
}

export interface Served {
  readonly offer: Offer | null;
  /** Whose credential the provider was asked with; absent: the platform's. */
  readonly credential?: "platform" | "user" | "org";
  readonly attempts: number;
  /** What a call across dialects left out. */
  readonly dropped?: readonly string[] | undefined;
}

/** The usage of a call that a provider was asked for. */
export function modelUsage(
  deps: Pick<CallDeps, "nowMs">,
  { origin, dialect, request }: ModelCall,
  result: Served & {
    readonly outcome: UsageConsumed["outcome"];
    /** All tokens go back. */
    readonly refund: boolean;
    /** No provider answered with success, and that is not our fault: the LLM request goes back. */
    readonly refundsLlmRequest: boolean;
    readonly tokens: TokenUsage;
  },
): UsageConsumed {
  const { offer, attempts, outcome, refund, refundsLlmRequest, tokens } = result;
  const common = { endpoint: dialect.endpoint, streamed: request.streamed, model: offer?.model.id ?? request.model };
  const provider = offer?.upstreamId ?? null;
  const cost = offer === null ? 0 : costNanoUsd(offer.model, tokens);
  const price = cost === null ? { costNanoUsd: 0, costUnknown: true as const } : { costNanoUsd: cost };
  const full = { ...common, provider, attempts, outcome, refund, refundsLlmRequest, tokens, ...price };
  const { credential = "platform" } = result;
  return usageRecord(origin, credential === "platform" ? full : { ...full, credential }, deps.nowMs());
}

/** What a call that ended early is charged: the prompt was read once a provider had it. */
export function producedTokens(request: ModelRequest, attempts: number, contentEvents: number): TokenUsage {
  if (attempts === 0) return noTokens;
  const promptTokens = estimatePromptTokens(request.callerBytes);
  return { promptTokens, completionTokens: contentEvents, estimated: true };
}

const maxDroppedBytes = 512;

/** Names of members may be anything: only what a header can hold is shown. */
const droppedHeader = (dropped: readonly string[]): string =>
  dropped
    .map((name) => name.replaceAll(/[^\w.[\]-]/g, "?"))
    .join(", ")
    .slice(0, maxDroppedBytes);

export const costHeader = "x-topdog-cost-usd" satisfies ServedHeaderName;

/** What the call cost the platform, for the caller; "unknown" where no price is known. */
export const costText = ({
  costNanoUsd: cost,
  costUnknown,
}: Pick<UsageConsumed, "costNanoUsd" | "costUnknown">): string => (costUnknown === true ? "unknown" : toUsdText(cost));

/** Headers that tell the caller who served it. */
export function servedHeaders({
  offer,
  attempts,
  credential = "platform",
  dropped = [],
}: Served): Partial<Record<ServedHeaderName, string>> {
  return {
    ...(credential === "platform" ? {} : { "x-topdog-credential": credential }),
    ...(offer === null ? {} : { "x-topdog-provider": offer.upstreamId, "x-topdog-model": offer.model.id }),
    "x-topdog-attempts": String(attempts),
    ...(dropped.length === 0 ? {} : { "x-topdog-dropped": droppedHeader(dropped) }),
  };
}
