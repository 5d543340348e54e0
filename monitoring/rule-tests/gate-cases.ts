import { counted, type RuleCase, scraped } from "./rule-case.ts";

const scrapes = 60;
const steady = (perScrape: number): string => `0+${perScrape}x${scrapes}`;
const silent = `0x${scrapes}`;
const at = "10m";

const gatewayCalls = (revision: string, good: string, bad: string): Record<string, string> => ({
  ...scraped("gateway", revision),
  ...counted("topdog_gateway_requests_total", { service: "gateway", revision, outcome: "ok" }, good),
  ...counted("topdog_gateway_requests_total", { service: "gateway", revision, outcome: "failed" }, bad),
});

const gateway = (
  name: string,
  series: RuleCase["series"],
  availability: NonNullable<RuleCase["verdicts"]>["availability"],
  when = at,
): RuleCase => ({
  name,
  service: "gateway",
  intervalSeconds: 15,
  series,
  at: when,
  verdicts: { availability: availability ?? "none" },
});

const healthy = gatewayCalls("old", steady(200), silent);

const availabilityCases: readonly RuleCase[] = [
  gateway("a healthy release passes", { ...healthy, ...gatewayCalls("new", steady(30), silent) }, "pass"),
  gateway("a fifth of its calls fail", { ...healthy, ...gatewayCalls("new", steady(24), steady(6)) }, "fail"),
  gateway(
    "one error of many is within the budget",
    { ...healthy, ...gatewayCalls("new", steady(200), `0x30 1x30`) },
    "pass",
  ),
  gateway("too few calls", { ...healthy, ...gatewayCalls("new", steady(1), silent) }, "too_few"),
  gateway("too few calls, all of them failed", { ...healthy, ...gatewayCalls("new", silent, steady(1)) }, "too_few"),
  gateway("no calls at all", { ...healthy, ...gatewayCalls("new", silent, silent) }, "too_few"),
  gateway("calls that stopped: 0 / 0", { ...healthy, ...gatewayCalls("new", `0+30x10 300x50`, silent) }, "too_few"),
  gateway("the release reports nothing of calls", { ...healthy, ...scraped("gateway", "new") }, "too_few"),
  gateway("no process of the release is scraped", healthy, "none"),
  gateway("its processes stopped answering scrapes", { ...healthy, ...scraped("gateway", "new", "1x10 0x50") }, "none"),
  gateway("Prometheus has just been started", {}, "none"),
  gateway(
    "an outage of both revisions",
    { ...gatewayCalls("old", steady(160), steady(40)), ...gatewayCalls("new", steady(24), steady(6)) },
    "outage",
  ),
  gateway(
    "the release is far worse in an outage",
    { ...gatewayCalls("old", steady(196), steady(4)), ...gatewayCalls("new", steady(24), steady(6)) },
    "fail",
  ),
  gateway(
    "an outage that began with the release: the stable revision has good calls of before",
    {
      ...gatewayCalls("old", "0+200x30 6000x30", "0x30 200+200x30"),
      ...gatewayCalls("new", "_x30 0x30", "_x30 0+30x30"),
    },
    "outage",
  ),
  gateway(
    "a half outage that has just begun",
    {
      ...gatewayCalls("old", "0+200x37 7500+100x23", "0x37 100+100x23"),
      ...gatewayCalls("new", "_x30 0+30x7 225+15x23", "_x30 0x7 15+15x23"),
    },
    "outage",
  ),
  gateway(
    "an outage that ended for the stable revision first",
    {
      ...gatewayCalls("old", "0+200x20 4000x9 4200+200x31", "0x20 200+200x9 2000x31"),
      ...gatewayCalls("new", "0+30x20 600x17 630+30x23", "0x20 30+30x17 540x23"),
    },
    "outage",
  ),
  gateway(
    "an outage that is long over, and a release that fails",
    { ...gatewayCalls("old", "0+200x100", "0+100x10 1000x90"), ...gatewayCalls("new", "0+24x100", "0+6x100") },
    "fail",
    "20m",
  ),
  gateway(
    "the release fails and the stable revision is idle",
    { ...gatewayCalls("old", silent, silent), ...gatewayCalls("new", steady(24), steady(6)) },
    "fail",
  ),
  gateway("errors that are over", { ...healthy, ...gatewayCalls("new", steady(30), `0+6x20 120x40`) }, "pass"),
  gateway(
    "a flood of wrong keys does not hide errors",
    {
      ...healthy,
      ...gatewayCalls("new", steady(24), steady(6)),
      ...counted(
        "topdog_gateway_requests_total",
        { service: "gateway", revision: "new", outcome: "unauthenticated" },
        steady(9000),
      ),
    },
    "fail",
  ),
];

const overhead = (revision: string, within: string, all: string): Record<string, string> => ({
  ...scraped("gateway", revision),
  ...counted("topdog_gateway_added_overhead_seconds_bucket", { service: "gateway", revision, le: "0.005" }, within),
  ...counted("topdog_gateway_added_overhead_seconds_count", { service: "gateway", revision }, all),
});

const latency = (name: string, within: number, verdict: "pass" | "fail"): RuleCase => ({
  name,
  service: "gateway",
  intervalSeconds: 15,
  series: { ...overhead("old", steady(200), steady(200)), ...overhead("new", steady(within), steady(100)) },
  at,
  verdicts: { latency: verdict },
});

const routerCalls = (
  revision: string,
  results: Readonly<Record<string, string>>,
  shipped: string,
  lostUsd = silent,
) => ({
  ...scraped("llm-router", revision),
  ...(Object.assign(
    {},
    ...Object.entries(results).map(([result, values]) =>
      counted("topdog_llm_router_calls_total", { service: "llm-router", revision, result }, values),
    ),
  ) as Record<string, string>),
  ...counted("topdog_llm_router_usage_shipped_total", { service: "llm-router", revision }, shipped),
  ...counted("topdog_llm_router_lost_cost_usd_total", { service: "llm-router", revision }, lostUsd),
});

const router = (name: string, series: RuleCase["series"], verdicts: NonNullable<RuleCase["verdicts"]>): RuleCase => ({
  name,
  service: "llm-router",
  intervalSeconds: 15,
  series,
  at: "14m",
  verdicts,
});

const goodRouter = routerCalls("old", { first: steady(200), fallback: silent, failed: silent }, steady(200));

const routerCases: readonly RuleCase[] = [
  router(
    "a healthy router passes",
    { ...goodRouter, ...routerCalls("new", { first: steady(40), fallback: silent, failed: silent }, steady(40)) },
    { availability: "pass", fallback: "pass", metering: "pass", unreliability_cost: "pass" },
  ),
  router(
    "a router that falls back too often",
    { ...goodRouter, ...routerCalls("new", { first: steady(30), fallback: steady(10), failed: silent }, steady(40)) },
    { availability: "pass", fallback: "fail" },
  ),
  router(
    "a provider's outage, where both fall back, is not the release",
    {
      ...routerCalls("old", { first: steady(20), fallback: steady(180), failed: silent }, steady(200)),
      ...routerCalls("new", { first: steady(4), fallback: steady(36), failed: silent }, steady(40)),
    },
    { fallback: "pass", availability: "pass" },
  ),
  router(
    "an outage that began with the release: the stable revision's window has good calls of before",
    {
      ...routerCalls("old", { first: steady(100), fallback: steady(100), failed: silent }, steady(200)),
      ...routerCalls("new", { first: silent, fallback: steady(40), failed: silent }, steady(40)),
    },
    { fallback: "outage", availability: "pass" },
  ),
  router(
    "a fifth of the calls began to fall back with the release, for both: the stable revision's long window hardly shows it",
    {
      ...routerCalls("old", { first: "0+200x47 9560+160x14", fallback: "0x47 40+40x14", failed: silent }, steady(200)),
      ...routerCalls(
        "new",
        { first: "_x47 0+32x14", fallback: "_x47 0+8x14", failed: "_x47 0x14" },
        "_x47 0+40x14",
        "_x47 0x14",
      ),
    },
    { fallback: "outage", availability: "pass" },
  ),
  router(
    "an outage that ended for the stable revision first, and is over in all of its window but the last moments",
    {
      ...routerCalls(
        "old",
        { first: "0+200x12 2400x3 2600+200x60", fallback: silent, failed: "0x12 200+200x3 800x60" },
        steady(200),
      ),
      ...routerCalls(
        "new",
        { first: "0+40x12 480x7 520+40x60", fallback: silent, failed: "0x12 40+40x7 320x60" },
        steady(40),
      ),
    },
    { fallback: "outage", availability: "pass" },
  ),
  router(
    "every provider is out, for both",
    {
      ...routerCalls("old", { first: steady(20), fallback: silent, failed: steady(180) }, steady(200)),
      ...routerCalls("new", { first: steady(4), fallback: silent, failed: steady(36) }, steady(40)),
    },
    { availability: "outage", fallback: "pass" },
  ),
  router(
    "nothing to compare with: the stable revision is idle",
    {
      ...routerCalls("old", { first: silent, fallback: silent, failed: silent }, silent),
      ...routerCalls("new", { first: steady(30), fallback: steady(10), failed: silent }, steady(40)),
    },
    { fallback: "too_few" },
  ),
  router(
    "a router that counts usage twice",
    { ...goodRouter, ...routerCalls("new", { first: steady(40), fallback: silent, failed: silent }, steady(80)) },
    { metering: "fail" },
  ),
  router(
    "a router that keeps usage for itself",
    { ...goodRouter, ...routerCalls("new", { first: steady(40), fallback: silent, failed: silent }, silent) },
    { metering: "fail" },
  ),
  router(
    "broken streams cost dollars",
    {
      ...goodRouter,
      ...routerCalls("new", { first: steady(40), fallback: silent, failed: silent }, steady(40), "0+0.04x60"),
    },
    { unreliability_cost: "fail" },
  ),
  router(
    "a silent router",
    { ...goodRouter, ...scraped("llm-router", "new") },
    { availability: "too_few", fallback: "too_few", metering: "too_few", unreliability_cost: "too_few" },
  ),
  router("a router that is gone", goodRouter, { availability: "none", fallback: "none", metering: "none" }),
];

const judged = (revision: string, scores: string, grave: string, all: string): Record<string, string> => {
  const labels = { service: "llm-router", revision, plan: "pro", segment: "general" };
  const [consistency, severity] = [
    "topdog_llm_router_answer_consistency_ratio",
    "topdog_llm_router_hallucination_severity_ratio",
  ];
  return {
    ...scraped("llm-router", revision),
    ...counted(`${consistency}_sum`, labels, scores),
    ...counted(`${consistency}_count`, labels, all),
    ...counted(`${severity}_bucket`, { ...labels, le: "0.5" }, grave),
    ...counted(`${severity}_count`, labels, all),
  };
};
const goodAnswers = judged("old", steady(9), steady(10), steady(10));

const answerCases: readonly RuleCase[] = [
  router(
    "answers that agree and invent nothing",
    { ...goodAnswers, ...judged("new", steady(1.8), steady(2), steady(2)) },
    { consistency: "pass", hallucination: "pass" },
  ),
  router(
    "answers that differ from call to call",
    { ...goodAnswers, ...judged("new", steady(1), steady(2), steady(2)) },
    { consistency: "fail", hallucination: "pass" },
  ),
  router(
    "a tenth of the answers is invented",
    { ...goodAnswers, ...judged("new", steady(1.8), steady(1.8), steady(2)) },
    { consistency: "pass", hallucination: "fail" },
  ),
  router(
    "a provider's model has become worse for both",
    { ...judged("old", steady(5), steady(8), steady(10)), ...judged("new", steady(1), steady(1.6), steady(2)) },
    { consistency: "outage", hallucination: "outage" },
  ),
  router(
    "no evaluator is at work",
    { ...goodAnswers, ...judged("new", silent, silent, silent) },
    { consistency: "too_few", hallucination: "too_few" },
  ),
];

const quotaBuckets = (ratio: string, checked: string): Record<string, string> => ({
  ...scraped("quota", "new"),
  ...counted("topdog_quota_metering_consistency_ratio", { service: "quota", revision: "new" }, ratio),
  ...counted("topdog_quota_proven_buckets", { service: "quota", revision: "new" }, checked),
});

const quota = (name: string, series: RuleCase["series"], metering: "pass" | "fail" | "too_few"): RuleCase => ({
  name,
  service: "quota",
  intervalSeconds: 15,
  series,
  at,
  verdicts: { metering },
});

export const gateCases: readonly RuleCase[] = [
  ...availabilityCases,
  latency("half a percent is slow", 99.5, "pass"),
  latency("a tenth is slow", 90, "fail"),
  ...routerCases,
  ...answerCases,
  quota("ledger and counters agree", quotaBuckets("1x60", "40x60"), "pass"),
  quota("one bucket of two hundred does not agree", quotaBuckets("0.995x60", "200x60"), "fail"),
  quota("nothing was measured yet", quotaBuckets("0x60", "0x60"), "too_few"),
];
