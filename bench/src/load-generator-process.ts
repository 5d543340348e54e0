import { setTimeout as sleep } from "node:timers/promises";
import { type HttpConnection, openConnection } from "./http-connection.ts";
import type { LoadJob, LoadResult } from "./load-job.ts";
import { percentile } from "./statistics.ts";

const pacingIntervalMs = 1;

interface Record {
  readonly latencies: number[];
  readonly firstContents: number[];
  failed: number;
  firstFailure: string | null;
}

/** Gives the request that a connection sends next; null when there is none left. */
type NextRequest = () => Buffer | null;

function requestMaker(job: LoadJob): (key: string) => Buffer {
  const own = Object.entries(job.headers).map(([name, value]) => `${name}: ${value}`);
  const before = [
    "POST /v1/chat/completions HTTP/1.1",
    `host: ${job.host}:${job.port}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(job.body)}`,
    ...own,
    "authorization: Bearer ",
  ].join("\r\n");
  return (key) => Buffer.from(`${before}${key}\r\n\r\n${job.body}`);
}

/** Which key each connection's next request has: its own, one at random, or each key once. */
function nextRequests(job: LoadJob): (connection: number) => NextRequest {
  const make = requestMaker(job);
  const { keys } = job;
  if (job.durationMs === null) {
    let next = 0;
    return () => () => (next < keys.length ? make(keys[next++] ?? "") : null);
  }
  if (job.randomKeys) return () => () => make(keys[Math.floor(Math.random() * keys.length)] ?? "");
  const requests = keys.map(make);
  return (connection) => {
    const own = requests[connection % requests.length];
    if (own === undefined) throw new Error("a load needs at least one key");
    return () => own;
  };
}

interface Caller {
  readonly connection: HttpConnection;
  readonly next: NextRequest;
}

/** False when there is nothing left to send. */
async function measureOne({ connection, next }: Caller, startMs: number, record: Record): Promise<boolean> {
  const request = next();
  if (request === null) return false;
  const answer = await connection.send(request);
  if (answer.status === 200) {
    record.latencies.push(answer.lastByteMs - startMs);
    record.firstContents.push(answer.firstContentMs - startMs);
  } else {
    record.failed += 1;
    record.firstFailure ??= answer.excerpt;
  }
  return true;
}

async function runBackToBack(endMs: number, callers: readonly Caller[], record: Record): Promise<void> {
  const worker = async (caller: Caller): Promise<void> => {
    let hasMore = true;
    for (let now = performance.now(); hasMore && now < endMs; now = performance.now()) {
      hasMore = await measureOne(caller, now, record);
    }
  };
  await Promise.all(callers.map(worker));
}

/** All callers at once, and again when the last of them has its answer: how streams are measured. */
async function runInWaves(endMs: number, callers: readonly Caller[], record: Record): Promise<void> {
  for (let now = performance.now(); now < endMs; now = performance.now()) {
    await Promise.all(callers.map((caller) => measureOne(caller, now, record)));
  }
}

/** Open model: a request that finds every caller busy waits, and its wait is part of its latency. */
async function runPaced(endMs: number, rate: number, callers: readonly Caller[], record: Record): Promise<void> {
  const beginMs = performance.now();
  const free = [...callers];
  const waitingSinceMs: number[] = [];
  const running = new Set<Promise<void>>();
  const serve = async (caller: Caller): Promise<void> => {
    for (let since = waitingSinceMs.shift(); since !== undefined; since = waitingSinceMs.shift()) {
      await measureOne(caller, since, record);
    }
    free.push(caller);
  };
  let issued = 0;
  for (let now = beginMs; now < endMs; now = performance.now()) {
    const due = Math.floor(((now - beginMs) / 1000) * rate) + 1;
    for (; issued < due; issued += 1) waitingSinceMs.push(now);
    while (waitingSinceMs.length > 0) {
      const caller = free.shift();
      if (caller === undefined) break;
      const served = serve(caller);
      running.add(served);
      void served.finally(() => running.delete(served)).catch(() => undefined);
    }
    await sleep(pacingIntervalMs);
  }
  // Requests that could not be sent in time are not measured: the achieved rate shows them.
  waitingSinceMs.length = 0;
  await Promise.all(running);
}

async function run(job: LoadJob): Promise<LoadResult> {
  const nextOf = nextRequests(job);
  const callers = await Promise.all(
    Array.from({ length: job.connections }, async (_, index): Promise<Caller> => {
      const connection = await openConnection(job.host, job.port, job.contentMarker);
      return { connection, next: nextOf(index) };
    }),
  );
  const record: Record = { latencies: [], firstContents: [], failed: 0, firstFailure: null };
  const startedMs = performance.now();
  const endMs = startedMs + (job.durationMs ?? Number.POSITIVE_INFINITY);
  if (job.inWaves) await runInWaves(endMs, callers, record);
  else if (job.ratePerSecond === null) await runBackToBack(endMs, callers, record);
  else await runPaced(endMs, job.ratePerSecond, callers, record);
  const elapsedMs = performance.now() - startedMs;
  for (const { connection } of callers) connection.close();
  const latencies = record.latencies.toSorted((a, b) => a - b);
  const firstContents = record.firstContents.toSorted((a, b) => a - b);
  return {
    completed: latencies.length,
    failed: record.failed,
    perSecond: (latencies.length / elapsedMs) * 1000,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    firstContentP50Ms: percentile(firstContents, 50),
    firstFailure: record.firstFailure,
  };
}

const fromError = (error: unknown): LoadResult => ({
  completed: 0,
  failed: 1,
  perSecond: 0,
  p50Ms: 0,
  p99Ms: 0,
  firstContentP50Ms: 0,
  firstFailure: String(error),
});

process.on("message", (job: LoadJob) => {
  void run(job)
    .catch(fromError)
    .then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));
