import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { AttemptOutcome, CallResult, RouterMetrics } from "../metrics.ts";

const nanoUsd = 1e-9;

/** What is counted of a call that is over: from its usage record, so that the two cannot differ. */
export function countRecord(metrics: RouterMetrics): (usage: UsageConsumed) => void {
  const count = (result: CallResult) => metrics.calls.labels({ result });
  const [first, fallback] = [count("first"), count("fallback")];
  const [failed, rejected, closed] = [count("failed"), count("rejected"), count("client_closed")];
  const ended = { failed, interrupted: failed, rejected, client_closed: closed };
  return ({ outcome, attempts, costNanoUsd, credential = "platform" }) => {
    if (outcome === "ok") return (attempts > 1 ? fallback : first).inc();
    ended[outcome].inc();
    // What a caller's own credential is owed is not ours.
    if (outcome === "failed" && credential === "platform") metrics.lostCostUsd.inc(costNanoUsd * nanoUsd);
  };
}

/** Counts what happens to calls. Keeps the series of each upstream and outcome: looking them up by labels costs more than counting. */
export function createCallCounter(metrics: RouterMetrics) {
  const series = new Map<string, { inc(): void }>();
  return {
    attempt(upstream: string, outcome: AttemptOutcome): void {
      const key = `${upstream} ${outcome}`;
      let one = series.get(key);
      if (one === undefined) series.set(key, (one = metrics.attempts.labels({ upstream, outcome })));
      one.inc();
    },
    firstContent: (upstream: string, ms: number): void => metrics.firstContentSeconds.observe({ upstream }, ms / 1000),
    firstAsked: (ms: number): void => metrics.ownSeconds.observe(ms / 1000),
    hedged: (result: "won" | "lost" | "over_budget"): void => metrics.hedges.inc({ result }),
    hedgeCost: (cost: number): void => metrics.hedgeCostUsd.inc(cost * nanoUsd),
    refused: (): void => metrics.usageRefused.inc(),
  };
}
