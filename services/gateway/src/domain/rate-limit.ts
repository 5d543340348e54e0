import type { Plan, PlanId } from "@topdog/contracts/plans";
import type { Meter } from "@topdog/contracts/quota";

/** One limit at the time of a call, for its headers and refusals. */
export interface LimitView {
  readonly scope: "personal" | "org";
  readonly meter: Meter;
  readonly limit: number;
  readonly remaining: number;
}

const meterNames = { api_calls: "api-calls", llm_requests: "llm-requests" } as const;
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
  headers.push(
    "RateLimit-Policy",
    policy,
    "RateLimit",
    state,
    "x-ratelimit-limit-requests",
    String(binding.limit),
    "x-ratelimit-remaining-requests",
    String(binding.remaining),
    "x-ratelimit-reset-requests",
    formatReset(resetSeconds),
  );
  return headers;
}

const limitIn = (plan: Plan, meter: Meter): number =>
  meter === "api_calls" ? plan.apiCallsPerDay : plan.llmRequestsPerDay;

/** The regulated lineup has two parts: medical and scientific plans are no upgrades of one another. */
const familyOf = (plan: Plan): string => /^(?:med|sci)_/.exec(plan.id)?.[0] ?? plan.lineup;

/** The next plan up of the same kind, for a meter; null at the top. */
export function nextPlanUp(catalogue: Readonly<Record<PlanId, Plan>>, current: PlanId, meter: Meter): Plan | null {
  const now = catalogue[current];
  const larger = Object.values(catalogue).filter(
    (plan) => familyOf(plan) === familyOf(now) && limitIn(plan, meter) > limitIn(now, meter),
  );
  return larger.toSorted((a, b) => limitIn(a, meter) - limitIn(b, meter))[0] ?? null;
}

const words = { api_calls: "API calls", llm_requests: "LLM requests" } as const;

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
  const meter = (spent[0] ?? views[0])?.meter ?? "api_calls";
  const next = plan === null ? null : nextPlanUp(catalogue, plan, meter);
  const raise =
    next === null
      ? "Your plan is the largest of its kind: ask support for more."
      : `${next.name} allows ${limitIn(next, meter)} ${words[meter]} a day${next.perSeat ? " for each seat" : ""}.`;
  const current = plan === null ? "" : ` of plan ${catalogue[plan].name}`;
  return `Today's limit${current} is spent: ${named.join(" and ")}. It resets at ${resetsAt}, in ${formatReset(resetSeconds)}. ${raise}`;
}
