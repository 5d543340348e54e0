import { AppError } from "@topdog/errors/app-error";
import { type DataSegment, dataSegments } from "./data-segment.ts";
import type { Model } from "./models.ts";
import { isSandbox } from "./provider-name.ts";

export interface CallLimits {
  /** Of a stream, until its first content event. */
  readonly firstContentMs: number;
  /** Of a plain answer, until it is whole. */
  readonly plainAnswerMs: number;
  /** Silence within a stream. */
  readonly interChunkMs: number;
  /** Of an answer, from its question to its end; absent: as long as the call itself may take. */
  readonly totalMs?: number | undefined;
}

/** Whom an org or a user may be served by. Absent: anybody. */
export interface TenantRule {
  readonly allowModels?: readonly string[] | undefined;
  readonly denyModels?: readonly string[] | undefined;
  readonly allowUpstreams?: readonly string[] | undefined;
  readonly denyUpstreams?: readonly string[] | undefined;
}

export interface LimitsRule {
  readonly model?: string | undefined;
  readonly family?: string | undefined;
  readonly firstContentMs?: number | undefined;
  readonly plainAnswerMs?: number | undefined;
  readonly interChunkMs?: number | undefined;
  readonly totalMs?: number | undefined;
}

export interface HedgeRule {
  readonly model?: string | undefined;
  readonly family?: string | undefined;
  /** A stream without content after this time is asked for at a second upstream too. */
  readonly afterMs: number;
}

/** Second attempts beside one that is slow. Both shares are of this router's calls under the platform's own credentials. */
export interface HedgingPolicy {
  /** The last that fits counts; a model that none fits is not hedged. */
  readonly rules: readonly HedgeRule[];
  /** Of the calls that may be hedged. */
  readonly maxCallShare: number;
  /** Of what calls cost. */
  readonly maxCostShare: number;
}

/** What an operator decides about routes. */
export interface RoutingPolicy {
  /** By a name that callers may use: the models that serve it, the first one first. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  /** Of calls that several upstreams may serve; price and latency do not count between these. */
  readonly weights: readonly {
    readonly upstream: string;
    readonly model?: string | undefined;
    readonly weight: number;
  }[];
  /** By `org:<id>` or `user:<id>`. */
  readonly tenants: Readonly<Record<string, TenantRule>>;
  /** The upstreams that may see such data; nobody else does. */
  readonly segments: { readonly [S in DataSegment]?: readonly string[] | undefined };
  /** By model or family; the last that fits counts. */
  readonly limits: readonly LimitsRule[];
  /** Null: no call is ever asked for twice. */
  readonly hedging: HedgingPolicy | null;
}

export const noPolicy: RoutingPolicy = {
  aliases: {},
  weights: [],
  tenants: {},
  segments: {},
  limits: [],
  hedging: null,
};

/** Families that think for minutes before they say anything. */
const slowThinkers: ReadonlySet<string> = new Set([
  "o-series",
  "gpt-5",
  "deepseek-thinking",
  "gemini-pro",
  "claude-opus",
]);
const slowFirstContentMs = 300_000;

const fits = (
  rule: { readonly model?: string | undefined; readonly family?: string | undefined },
  { id, family }: Model,
) => (rule.model ?? id) === id && (rule.family ?? family) === family;

/** How long a stream of this model may be silent before a second upstream is asked; null: for ever. */
export const hedgeAfterMs = ({ hedging }: Pick<RoutingPolicy, "hedging">, model: Model): number | null =>
  hedging?.rules.findLast((rule) => fits(rule, model))?.afterMs ?? null;

export function limitsFor({ limits }: RoutingPolicy, model: Model, usual: CallLimits): CallLimits {
  const patient = slowThinkers.has(model.family)
    ? { ...usual, firstContentMs: Math.max(usual.firstContentMs, slowFirstContentMs) }
    : usual;
  const found = limits.findLast((one) => fits(one, model));
  if (found === undefined) return patient;
  return {
    firstContentMs: found.firstContentMs ?? patient.firstContentMs,
    plainAnswerMs: found.plainAnswerMs ?? patient.plainAnswerMs,
    interChunkMs: found.interChunkMs ?? patient.interChunkMs,
    totalMs: found.totalMs,
  };
}

export const weightOf = (
  { weights }: Pick<RoutingPolicy, "weights">,
  upstreamId: string,
  modelId: string,
): number | null =>
  weights.findLast(({ upstream, model }) => upstream === upstreamId && (model ?? modelId) === modelId)?.weight ?? null;

const isAmong = (list: readonly string[] | undefined, one: string, absent: boolean): boolean =>
  list === undefined ? absent : list.includes(one);

interface Asked {
  /** The org first, if the call is an org's, then the user. */
  readonly tenants: readonly string[];
  readonly segment: DataSegment;
}

/** Sensitive data goes to the upstreams that the operator named for it, and to no others. */
function maySee({ segments }: RoutingPolicy, segment: DataSegment, upstreamId: string): boolean {
  return segment === "general" || isSandbox(upstreamId) || isAmong(segments[segment], upstreamId, false);
}

export function permits(
  policy: RoutingPolicy,
  { tenants, segment }: Asked,
  upstreamId: string,
  modelId: string,
): boolean {
  if (!maySee(policy, segment, upstreamId)) return false;
  return tenants.every((tenant) => {
    const rule = policy.tenants[tenant];
    return (
      rule === undefined ||
      (isAmong(rule.allowModels, modelId, true) &&
        !isAmong(rule.denyModels, modelId, false) &&
        isAmong(rule.allowUpstreams, upstreamId, true) &&
        !isAmong(rule.denyUpstreams, upstreamId, false))
    );
  });
}

/** The segment that a header names. Throws AppError invalid_request. */
export function readSegment(value: string | undefined): DataSegment {
  if (value === undefined) return "general";
  const found = dataSegments.find((one) => one === value.trim().toLowerCase());
  if (found !== undefined) return found;
  const detail = `'X-Data-Segment' must be one of ${dataSegments.join(", ")}.`;
  throw new AppError("invalid_request", { detail, param: "X-Data-Segment" });
}
