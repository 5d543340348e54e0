import type { Express } from "express";

/** Rejects when what it looks at fails; `degraded`: it fails, and this instance still serves. */
export type Check = () => Promise<void | "degraded">;

export type Phase = "starting" | "serving" | "draining";

export interface HealthOptions {
  readonly service: string;
  readonly version: string;
  /** What this instance cannot serve without. A third party that is down for all instances does not belong here. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Parts of it that may be out of order while the rest serves: shown to operators, and no part of readiness. None when absent. */
  readonly features?: Readonly<Record<string, Check>>;
  /** Ready only while `serving`. */
  readonly phase: () => Phase;
}

const checkTimeoutMs = 500;

type CheckResult = "ok" | "degraded" | "failing" | "timeout";

async function runCheck(check: Check): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, "timeout");
  });
  try {
    const outcome = Promise.resolve()
      .then(check)
      .then<CheckResult, CheckResult>(
        (state) => state ?? "ok",
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
  /** Which parts of it work, whether or not it is ready. */
  assessFeatures(): Promise<Readonly<Record<string, CheckResult>>>;
}

interface Assessment {
  readonly status: "ok" | "degraded" | "failing" | "starting" | "draining";
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export function createHealth({ service, version, checks, features = {}, phase }: HealthOptions): Health {
  return {
    service,
    version,
    assess: async () => {
      const results = await runChecks(checks);
      const states = Object.values(results);
      const isServing = states.every((result) => result === "ok" || result === "degraded");
      const status = !isServing ? "failing" : states.includes("degraded") ? "degraded" : "ok";
      const now = phase();
      return { status: now === "serving" ? status : now, checks: results };
    },
    assessFeatures: () => runChecks(features),
  };
}

const readyStatuses: readonly string[] = ["ok", "degraded"];
const statusOf = (status: Assessment["status"]): number => (readyStatuses.includes(status) ? 200 : 503);

/** /livez, /readyz and /health for everybody: they tell a status and no more. */
export function mountStatusProbes(app: Express, health: Health): void {
  app.get("/livez", (_req, res) => void res.json({ status: "ok" }));
  app.get("/readyz", async (_req, res) => {
    const { status } = await health.assess();
    res.status(statusOf(status)).json({ status });
  });
  app.get("/health", async (_req, res) => {
    const { status } = await health.assess();
    res.json({ service: health.service, version: health.version, status });
  });
}

/** For operators: the same with each check's state, and in /health each feature's. */
export function mountProbes(app: Express, health: Health): void {
  const startedMs = performance.now();
  app.get("/livez", (_req, res) => void res.json({ status: "ok" }));
  app.get("/readyz", async (_req, res) => {
    const assessment = await health.assess();
    res.status(statusOf(assessment.status)).json(assessment);
  });
  app.get("/health", async (_req, res) => {
    const { service, version } = health;
    const uptimeSeconds = Math.round((performance.now() - startedMs) / 1000);
    const [assessment, features] = await Promise.all([health.assess(), health.assessFeatures()]);
    res.json({ service, version, uptimeSeconds, ...assessment, features });
  });
}
