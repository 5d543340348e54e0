import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import type { Metrics } from "@topdog/telemetry/metrics";
import type { Part } from "./part.ts";
import type { Turns } from "./turns.ts";

/** Work that nobody asks for, done again and again. */
export interface Job {
  /** A label of its metrics, and the name of its lock. */
  readonly name: string;
  /** From the end of one run to the start of the next, ± 10 %. */
  readonly intervalMs: number;
  /** Then the run's signal is aborted and the run counts as failed. The next one waits until this one has ended. */
  readonly timeoutMs: number;
  /** `one`: while a replica runs it, the others skip it (needs a database). `each`: every replica runs it. */
  readonly owner: "one" | "each";
  /** Whether there is anything to do: asked before the ownership is taken, which costs several times as much. Always when absent. */
  readonly isDue?: () => Promise<boolean>;
  /** May be cut at any point and must bear being repeated: a lost connection ends the ownership of `one`. */
  readonly run: (signal: AbortSignal) => Promise<unknown>;
}

export interface JobDeps {
  /** Of a service that stores. */
  readonly db: Database | undefined;
  /** Of the jobs of one owner, over all of this pool. */
  readonly owners: Turns;
  readonly logger: Logger;
  readonly metrics: JobMetrics;
}

const outcomes = ["ok", "failed", "timed_out", "other_owner"] as const;
type Outcome = (typeof outcomes)[number];
const durationBuckets = [0.01, 0.05, 0.25, 1, 5, 10, 25];
const jitterShare = 0.1;
/** The transaction that holds the lock is idle meanwhile: Postgres lets this one be so for longer than others. */
const maxOwnedRunMs = 25_000;
const ownedIdleMs = 30_000;
/** An owner holds one connection while its work takes another: without a bound they hold the whole pool, and all wait for one more. */
export const maxOwnersAtOnce = 3;

export interface JobMetrics {
  readonly runs: { inc(labels: { job: string; outcome: Outcome }): void };
  readonly durationSeconds: { observe(labels: { job: string }, seconds: number): void };
  readonly lastSuccessSeconds: { set(labels: { job: string }, unixSeconds: number): void };
}

export function createJobMetrics(metrics: Metrics, jobs: readonly string[]): JobMetrics {
  return {
    runs: metrics.counter({
      name: "topdog_job_runs_total",
      help: "Runs of periodic jobs, by how they ended; other_owner: another replica was at it",
      labels: { job: jobs, outcome: outcomes },
    }),
    durationSeconds: metrics.histogram({
      name: "topdog_job_duration_seconds",
      help: "How long a run took",
      labels: { job: jobs },
      buckets: durationBuckets,
    }),
    lastSuccessSeconds: metrics.gauge({
      name: "topdog_job_last_success_seconds",
      help: "When a run last succeeded here, as Unix time; 0: never since the start",
      labels: { job: jobs },
    }),
  };
}

/** Runs the job from `start`, at once and then at its interval, until `stop`, which waits for the run in hand. */
export function createJob(job: Job, deps: JobDeps): Part {
  if (job.owner === "one" && deps.db === undefined) throw new Error(`job ${job.name}: one owner needs a database`);
  if (job.owner === "one" && job.timeoutMs > maxOwnedRunMs)
    throw new Error(`job ${job.name}: with one owner a run takes ${maxOwnedRunMs} ms at most`);
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await runOnce(job, deps, stopping.signal);
      const waitMs = job.intervalMs * (1 - jitterShare + 2 * jitterShare * Math.random());
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  let running: Promise<void> | undefined;
  return {
    start: () => {
      running ??= loop();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function runOnce(job: Job, deps: JobDeps, stopping: AbortSignal): Promise<void> {
  if (job.owner === "each") return runNow(job, deps, stopping);
  const giveUp = await deps.owners.take(stopping);
  if (giveUp === null) return;
  try {
    await runNow(job, deps, stopping);
  } finally {
    giveUp();
  }
}

async function runNow(job: Job, { db, logger, metrics }: JobDeps, stopping: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  const run = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    run.abort(new Error(`the run took longer than ${job.timeoutMs} ms`));
  }, job.timeoutMs);
  const onStopping = (): void => run.abort(stopping.reason);
  stopping.addEventListener("abort", onStopping);
  const work = () => job.run(run.signal);
  let outcome: Outcome = "ok";
  try {
    const isDue = (await job.isDue?.()) ?? true;
    const mine =
      !isDue || (job.owner === "one" && db !== undefined ? await asOwner(db, job.name, work) : await done(work));
    if (!mine) outcome = "other_owner";
    else if (timedOut) outcome = "timed_out";
  } catch (error) {
    if (stopping.aborted) return;
    outcome = timedOut ? "timed_out" : "failed";
    logger.warn({ err: error, job: job.name, outcome }, "a job's run failed and will be repeated");
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener("abort", onStopping);
  }
  // Cut short by the stop: neither a success nor a failure of the job.
  if (stopping.aborted) return;
  metrics.runs.inc({ job: job.name, outcome });
  if (outcome === "other_owner") return;
  metrics.durationSeconds.observe({ job: job.name }, (performance.now() - startedMs) / 1000);
  if (outcome === "ok") metrics.lastSuccessSeconds.set({ job: job.name }, Date.now() / 1000);
}

const done = async (work: () => Promise<unknown>): Promise<true> => {
  await work();
  return true;
};

/** Works while this connection holds the job's lock; false when another replica holds it. */
async function asOwner(db: Database, name: string, work: () => Promise<unknown>): Promise<boolean> {
  return db.transaction(async (trx) => {
    await trx.raw(`set local idle_in_transaction_session_timeout = ${ownedIdleMs}`);
    const { rows } = await trx.raw<{ rows: { mine: boolean }[] }>(
      "select pg_try_advisory_xact_lock(hashtextextended(?, 0)) as mine",
      [`topdog job ${name}`],
    );
    if (rows[0]?.mine !== true) return false;
    await work();
    return true;
  });
}
