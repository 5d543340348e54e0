import type { Plan, PlanId } from "@topdog/contracts/plans";
import type { Meter, PlanMeter } from "@topdog/contracts/quota";
import type { Ceiling } from "@topdog/contracts/rpc/resolve-principal";
import type { PoolShare } from "@topdog/contracts/rpc/sync-leases";

/** One limit at the time of a call, for its headers and refusals. */
export interface LimitView {
  readonly scope: "personal" | "org" | "key" | "member";
  readonly meter: Meter;
  readonly limit: number;
  readonly remaining: number;
}

const meterNames = { api_calls: "api-calls", llm_requests: "llm-requests", capped_calls: "calls" } as const;
const policyOf = (view: LimitView): string => `"${view.scope}-${meterNames[view.meter]}"`;

/** A duration as OpenAI writes it: `3h12m5s`. */
export function formatReset(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/**
 * The limits of a call as headers (names and values alternate): draft-ietf-httpapi-ratelimit-headers, and OpenAI's own for the
 * meter that will run out first. `remaining` is what is known here now, not a promise.
 */
export function limitHeaders(views: readonly LimitView[], source: string | null, resetSeconds: number): string[] {
  let policy = "";
  let state = "";
  let binding: LimitView | undefined;
  for (const view of views) {
    const name = policyOf(view);
    const comma = policy === "" ? "" : ", ";
    policy += `${comma}${name};q=${view.limit};w=86400`;
    state += `${comma}${name};r=${view.remaining};t=${resetSeconds}`;
    if (binding === undefined || view.remaining < binding.remaining) binding = view;
  }
  const headers = source === null ? [] : ["X-RateLimit-Source", source];
  if (binding === undefined) return headers;
  const { limit, remaining } = binding;
  headers.push("RateLimit-Policy", policy, "RateLimit", state, ...openAiHeaders(limit, remaining, resetSeconds));
  return headers;
}

const openAiHeaders = (limit: number, remaining: number, resetSeconds: number): string[] => [
  "x-ratelimit-limit-requests",
  String(limit),
  "x-ratelimit-remaining-requests",
  String(remaining),
  "x-ratelimit-reset-requests",
  formatReset(resetSeconds),
];

/**
 * Of a call beyond the plan's concurrent requests: that limit beside those of the day, which are checked only later. OpenAI's own
 * headers have no word for it.
 */
export function concurrencyHeaders(limit: number, views: readonly LimitView[], resetSeconds: number): string[] {
  const named: Readonly<Record<string, string>> = {
    "RateLimit-Policy": `"concurrent-requests";q=${limit};qu="concurrent-requests"`,
    RateLimit: `"concurrent-requests";r=0;t=1`,
  };
  const ofDay = limitHeaders(views, null, resetSeconds);
  if (ofDay.length === 0) return Object.entries(named).flat();
  return ofDay.map((text, index) => {
    const own = index % 2 === 0 ? undefined : named[ofDay[index - 1] ?? ""];
    return own === undefined ? text : `${own}, ${text}`;
  });
}

/** Of a key's free calls, in a minute; names and values alternate. */
export function freeCallHeaders({
  limit,
  remaining,
  resetSeconds,
}: {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}): string[] {
  return [
    "RateLimit-Policy",
    `"free-calls";q=${limit};w=60`,
    "RateLimit",
    `"free-calls";r=${remaining};t=${resetSeconds}`,
    ...openAiHeaders(limit, remaining, resetSeconds),
  ];
}

const limitIn = (plan: Plan, meter: PlanMeter): number =>
  meter === "api_calls" ? plan.apiCallsPerDay : plan.llmRequestsPerDay;

/** The regulated lineup has two parts: medical and scientific plans are no upgrades of one another. */
const familyOf = (plan: Plan): string => /^(?:med|sci)_/.exec(plan.id)?.[0] ?? plan.lineup;

/** The next plan up of the same kind, for a meter; null at the top. */
export function nextPlanUp(catalogue: Readonly<Record<PlanId, Plan>>, current: PlanId, meter: PlanMeter): Plan | null {
  const now = catalogue[current];
  const larger = Object.values(catalogue).filter(
    (plan) => familyOf(plan) === familyOf(now) && limitIn(plan, meter) > limitIn(now, meter),
  );
  return larger.toSorted((a, b) => limitIn(a, meter) - limitIn(b, meter))[0] ?? null;
}

const words = { api_calls: "API calls", llm_requests: "LLM requests", capped_calls: "calls" } as const;

export interface Spent {
  readonly views: readonly LimitView[];
  readonly plan: PlanId | null;
  readonly resetSeconds: number;
  readonly resetsAt: string;
}

/** The message for a refused caller: which limit, when it resets, and what would raise it. */
export function describeSpent(
  { views, plan, resetSeconds, resetsAt }: Spent,
  catalogue: Readonly<Record<PlanId, Plan>>,
): string {
  const spent = views.filter((view) => view.remaining === 0);
  const named = (spent.length === 0 ? views : spent).map((view) =>
    view.scope === "org"
      ? `${view.limit} pooled ${words[view.meter]} of your org`
      : `${view.limit} ${words[view.meter]}`,
  );
  const meter = (spent[0] ?? views[0])?.meter === "llm_requests" ? "llm_requests" : "api_calls";
  const next = plan === null ? null : nextPlanUp(catalogue, plan, meter);
  const raise =
    next === null
      ? "Your plan is the largest of its kind: ask support for more."
      : `${next.name} allows ${limitIn(next, meter)} ${words[meter]} a day${next.perSeat ? " for each seat" : ""}.`;
  const current = plan === null ? "" : ` of plan ${catalogue[plan].name}`;
  return `Today's limit${current} is spent: ${named.join(" and ")}. It resets at ${resetsAt}, in ${formatReset(resetSeconds)}. ${raise}`;
}

/** The message for a member of an org who has drawn their share of its bucket while others draw from it: what is left, and for whom. */
export function describeShare(
  { size, drawn, kept }: PoolShare,
  limit: number,
  { resetSeconds, resetsAt }: Pick<Spent, "resetSeconds" | "resetsAt">,
): string {
  return `You have drawn ${drawn} of your org's ${limit} pooled API calls of today. Your share while others draw too is ${size}, and the ${kept} that are left are kept for theirs. The bucket resets at ${resetsAt}, in ${formatReset(resetSeconds)}.`;
}

/** The message for a caller at a ceiling: which one, who set it, when it resets, and who can raise it. */
export function describeCeiling(
  { owner, limit, setBy }: Ceiling,
  { resetSeconds, resetsAt }: Pick<Spent, "resetSeconds" | "resetsAt">,
): string {
  const isOfKey = owner.startsWith("key:");
  const subject = isOfKey ? "This API key's" : "Your";
  const setter = setBy === "holder" ? "whoever holds the key" : "an admin of the org";
  const raise = setBy === "holder" ? "Whoever holds the key can raise it." : "The org's owner and admins can raise it.";
  return `${subject} ceiling of ${limit} calls a day, set by ${setter}, is reached. It resets at ${resetsAt}, in ${formatReset(resetSeconds)}. ${raise}`;
}
