import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createMetrics } from "@topdog/telemetry/metrics";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { emptyDatabase, type TestDatabase } from "@topdog/testing/postgres";
import { createJob, createJobMetrics, type Job, maxOwnersAtOnce } from "../src/job.ts";
import type { Part } from "../src/part.ts";
import { createTurns } from "../src/turns.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await emptyDatabase();
});
afterAll(() => database.drop());

const turns = createTurns(maxOwnersAtOnce);

function jobOf(job: Partial<Job> & Pick<Job, "name" | "run">): {
  part: Part;
  metric: (line: RegExp) => Promise<number>;
} {
  const metrics = createMetrics("test");
  const deps = {
    db: database.db,
    logger: silentLogger(),
    metrics: createJobMetrics(metrics, [job.name]),
    owners: turns,
  };
  const part = createJob({ intervalMs: 1, timeoutMs: 10_000, owner: "each", ...job }, deps);
  const metric = async (line: RegExp): Promise<number> => {
    const found = (await metrics.text()).split("\n").find((one) => line.test(one));
    return Number(found?.split(" ").at(-1));
  };
  return { part, metric };
}

describe("a job", () => {
  test("runs at once and again after its interval; what it did is in the metrics", async () => {
    let runs = 0;
    const { part, metric } = jobOf({ name: "count", run: async () => void (runs += 1) });
    await part.start();
    await eventually(() => expect(runs).toBeGreaterThan(2));
    await part.stop();
    const atStop = runs;
    expect(await metric(/^topdog_job_runs_total\{.*outcome="ok"/)).toBe(runs);
    expect(await metric(/^topdog_job_duration_seconds_count/)).toBe(runs);
    expect(Math.abs((await metric(/^topdog_job_last_success_seconds/)) - Date.now() / 1000)).toBeLessThan(60);
    expect(runs).toBe(atStop);
  });

  test("that has nothing to do is not run, takes no ownership, and counts as done", async () => {
    const owner = await database.db.transaction();
    await owner.raw("select pg_advisory_xact_lock(hashtextextended('topdog job rests', 0))");
    let isDue = false;
    let [asked, runs] = [0, 0];
    const { part, metric } = jobOf({
      name: "rests",
      owner: "one",
      isDue: async () => {
        asked += 1;
        return isDue;
      },
      run: async () => void (runs += 1),
    });
    await part.start();
    await eventually(() => expect(asked).toBeGreaterThan(2));
    expect(await metric(/^topdog_job_runs_total\{.*outcome="ok"/)).toBeGreaterThan(0);
    isDue = true;
    await eventually(async () => expect(await metric(/outcome="other_owner"/)).toBeGreaterThan(0));
    expect(runs).toBe(0);
    await owner.rollback();
    await eventually(() => expect(runs).toBeGreaterThan(0));
    await part.stop();
  });

  test("that fails is counted and runs again", async () => {
    let runs = 0;
    const run = async (): Promise<void> => {
      runs += 1;
      if (runs === 1) throw new Error("the first time");
    };
    const { part, metric } = jobOf({ name: "fails-once", run });
    await part.start();
    await eventually(async () => expect(await metric(/^topdog_job_runs_total\{.*outcome="ok"/)).toBeGreaterThan(0));
    await part.stop();
    expect(await metric(/^topdog_job_runs_total\{.*outcome="failed"/)).toBe(1);
  });

  test("that takes too long is told to end, counts as timed out, and never runs twice at once", async () => {
    let atOnce = 0;
    let most = 0;
    const run = async (signal: AbortSignal): Promise<void> => {
      most = Math.max(most, (atOnce += 1));
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      atOnce -= 1;
    };
    const { part, metric } = jobOf({ name: "endless", timeoutMs: 20, run });
    await part.start();
    const timedOut = /^topdog_job_runs_total\{.*outcome="timed_out"/;
    await eventually(async () => expect(await metric(timedOut)).toBeGreaterThan(1));
    await part.stop();
    expect([most, atOnce]).toEqual([1, 0]);
    expect(await metric(/^topdog_job_last_success_seconds/)).toBe(0);
  });

  test("in hand at a stop is told to end and waited for", async () => {
    const started = Promise.withResolvers<void>();
    let ended = false;
    const run = async (signal: AbortSignal): Promise<void> => {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended = true;
    };
    const { part } = jobOf({ name: "stopped", run });
    await part.start();
    await started.promise;
    await part.stop();
    expect(ended).toBe(true);
  });

  test("with one owner runs in one replica at a time, and another takes over", async () => {
    let atOnce = 0;
    let most = 0;
    const owners: string[] = [];
    const replica = (id: string) =>
      jobOf({
        name: "owned",
        owner: "one",
        run: async () => {
          most = Math.max(most, (atOnce += 1));
          owners.push(id);
          await database.db.raw("select pg_sleep(0.05)");
          atOnce -= 1;
        },
      });
    const [first, second] = [replica("first"), replica("second")];
    await first.part.start();
    await eventually(() => expect(owners).toContain("first"));
    await second.part.start();
    const skipped = /^topdog_job_runs_total\{.*outcome="other_owner"/;
    await eventually(async () => expect(await second.metric(skipped)).toBeGreaterThan(0));
    await first.part.stop();
    await eventually(() => expect(owners.at(-1)).toBe("second"));
    await second.part.stop();
    expect(most).toBe(1);
  });

  test("with one owner leaves connections to whoever serves, and to its own work, however many of them begin at once", async () => {
    let ran = 0;
    const run = async (): Promise<void> => {
      await database.db.raw("select pg_sleep(0.01)");
      ran += 1;
    };
    const names = Array.from({ length: 30 }, (_, index) => `of-many-${index}`);
    const jobs = names.map((name) => jobOf({ name, owner: "one", intervalMs: 60_000, run }));
    for (const { part } of jobs) await part.start();
    // Sooner than a connection is waited for: nobody gave up.
    await database.db.raw("select 1");
    const counted = async (outcome: RegExp): Promise<number> =>
      (await Promise.all(jobs.map(({ metric }) => metric(outcome)))).reduce((sum, one) => sum + one, 0);
    const [ok, failed] = [/^topdog_job_runs_total\{.*outcome="ok"/, /^topdog_job_runs_total\{.*outcome="failed"/];
    await eventually(async () => expect((await counted(ok)) + (await counted(failed))).toBe(names.length));
    for (const { part } of jobs) await part.stop();
    expect([await counted(ok), ran]).toEqual([names.length, names.length]);
  });

  test("that waits for its turn ends at once when it is stopped", async () => {
    const begun = Array.from({ length: maxOwnersAtOnce }, () => Promise.withResolvers<void>());
    const endless = begun.map(({ resolve }, index) =>
      jobOf({
        name: `holds-${index}`,
        owner: "one",
        run: (signal) => {
          resolve();
          return new Promise((done) => signal.addEventListener("abort", done));
        },
      }),
    );
    for (const { part } of endless) await part.start();
    await Promise.all(begun.map(({ promise }) => promise));
    let ran = false;
    const waiting = jobOf({ name: "waits", owner: "one", run: async () => void (ran = true) });
    await waiting.part.start();
    await waiting.part.stop();
    expect(ran).toBe(false);
    for (const { part } of endless) await part.stop();
  });

  test("with one owner cannot outlast its lock, and needs a database", () => {
    const deps = { logger: silentLogger(), metrics: createJobMetrics(createMetrics("test"), []), owners: turns };
    const job = { name: "long", intervalMs: 1, timeoutMs: 60_000, owner: "one", run: async () => undefined } as const;
    expect(() => createJob(job, { ...deps, db: database.db })).toThrow("25000 ms at most");
    expect(() => createJob({ ...job, timeoutMs: 1 }, { ...deps, db: undefined })).toThrow("needs a database");
  });
});
