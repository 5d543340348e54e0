import type { AttemptOutcome, RouterMetrics } from "../metrics.ts";

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
    refused: (): void => metrics.usageRefused.inc(),
  };
}
