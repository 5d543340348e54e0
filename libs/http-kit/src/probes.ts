import type { Express } from "express";
import type { Metrics } from "@topdog/telemetry/metrics";

export type Check = () => Promise<void>;

export interface ProbeOptions {
  readonly service: string;
  readonly version: string;
  /** What this instance cannot serve without. A third party that is down for all instances does not belong here. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly metrics: Metrics;
  readonly isDraining: () => boolean;
}

const checkTimeoutMs = 500;

type CheckResult = "ok" | "failing" | "timeout";

async function runCheck(check: Check): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, "timeout");
  });
  try {
    const outcome = Promise.resolve()
      .then(check)
      .then<CheckResult, CheckResult>(
        () => "ok",
        () => "failing",
      );
    return await Promise.race([outcome, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function runChecks(checks: ProbeOptions["checks"]): Promise<Record<string, CheckResult>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const),
  );
  return Object.fromEntries(results);
}

/** /livez, /readyz, /health and /metrics. The answers name checks and their state, never an error's text. */
export function mountProbes(app: Express, { service, version, checks, metrics, isDraining }: ProbeOptions): void {
  const startedMs = performance.now();
  const assess = async () => {
    const results = await runChecks(checks);
    const isHealthy = Object.values(results).every((result) => result === "ok");
    const status = isDraining() ? "draining" : isHealthy ? "ok" : "failing";
    return { status, checks: results };
  };
  app.get("/livez", (_req, res) => {
    res.json({ status: "ok" });
  });
  app.get("/readyz", async (_req, res) => {
    const assessment = await assess();
    res.status(assessment.status === "ok" ? 200 : 503).json(assessment);
  });
  app.get("/health", async (_req, res) => {
    const assessment = await assess();
    res.json({ service, version, uptimeSeconds: Math.round((performance.now() - startedMs) / 1000), ...assessment });
  });
  app.get("/metrics", async (_req, res) => {
    res.set("content-type", metrics.contentType).end(await metrics.text());
  });
}
