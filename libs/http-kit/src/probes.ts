import type { Express } from "express";

export type Check = () => Promise<void>;

export type Phase = "starting" | "serving" | "draining";

export interface HealthOptions {
  readonly service: string;
  readonly version: string;
  /** What this instance cannot serve without. A third party that is down for all instances does not belong here. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Ready only while `serving`. */
  readonly phase: () => Phase;
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

async function runChecks(checks: HealthOptions["checks"]): Promise<Record<string, CheckResult>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const),
  );
  return Object.fromEntries(results);
}

export interface Health {
  readonly service: string;
  readonly version: string;
  /** Runs the checks. Names them with their state, never an error's text. */
  assess(): Promise<Assessment>;
}

interface Assessment {
  readonly status: "ok" | "failing" | "starting" | "draining";
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export function createHealth({ service, version, checks, phase }: HealthOptions): Health {
  return {
    service,
    version,
    assess: async () => {
      const results = await runChecks(checks);
      const isHealthy = Object.values(results).every((result) => result === "ok");
      const now = phase();
      return { status: now !== "serving" ? now : isHealthy ? "ok" : "failing", checks: results };
    },
  };
}

/** /livez, /readyz and /health for everybody: they tell a status and no more. */
export function mountStatusProbes(app: Express, health: Health): void {
  app.get("/livez", (_req, res) => void res.json({ status: "ok" }));
  app.get("/readyz", async (_req, res) => {
    const { status } = await health.assess();
    res.status(status === "ok" ? 200 : 503).json({ status });
  });
  app.get("/health", async (_req, res) => {
    const { status } = await health.assess();
    res.json({ service: health.service, version: health.version, status });
  });
}

/** For operators: the same with each check's state. */
export function mountProbes(app: Express, health: Health): void {
  const startedMs = performance.now();
  app.get("/livez", (_req, res) => void res.json({ status: "ok" }));
  app.get("/readyz", async (_req, res) => {
    const assessment = await health.assess();
    res.status(assessment.status === "ok" ? 200 : 503).json(assessment);
  });
  app.get("/health", async (_req, res) => {
    const { service, version } = health;
    const uptimeSeconds = Math.round((performance.now() - startedMs) / 1000);
    res.json({ service, version, uptimeSeconds, ...(await health.assess()) });
  });
}
