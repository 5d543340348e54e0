import { setTimeout as sleep } from "node:timers/promises";
import { type HttpConnection, openConnection } from "./http-connection.ts";
import type { LoadJob, LoadResult } from "./load-job.ts";
import { percentile } from "./statistics.ts";

const pacingIntervalMs = 1;

interface Record {
  readonly latencies: number[];
  readonly firstBytes: number[];
  failed: number;
  firstFailure: string | null;
}

function requestBytes(job: LoadJob, key: string): Buffer {
  const lines = [
    "POST /v1/chat/completions HTTP/1.1",
    `host: ${job.host}:${job.port}`,
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(job.body)}`,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${job.body}`);
}

/** A connection and the one request that it repeats. */
interface Caller {
  readonly connection: HttpConnection;
  readonly request: Buffer;
}

async function measureOne({ connection, request }: Caller, startMs: number, record: Record): Promise<void> {
  const answer = await connection.send(request);
  if (answer.status === 200) {
    record.latencies.push(answer.lastByteMs - startMs);
    record.firstBytes.push(answer.firstByteMs - startMs);
    return;
  }
  record.failed += 1;
  record.firstFailure ??= answer.excerpt;
}

async function runBackToBack(job: LoadJob, callers: readonly Caller[], record: Record): Promise<void> {
  const endMs = performance.now() + job.durationMs;
  const worker = async (caller: Caller): Promise<void> => {
    for (let now = performance.now(); now < endMs; now = performance.now()) await measureOne(caller, now, record);
  };
  await Promise.all(callers.map(worker));
}

/** Open model: a request that finds every caller busy waits, and its wait is part of its latency. */
async function runPaced(
  job: LoadJob & { ratePerSecond: number },
  callers: readonly Caller[],
  record: Record,
): Promise<void> {
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
  for (let now = beginMs; now - beginMs < job.durationMs; now = performance.now()) {
    const due = Math.floor(((now - beginMs) / 1000) * job.ratePerSecond) + 1;
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
  await Promise.all(running);
}

async function run(job: LoadJob): Promise<LoadResult> {
  const requests = job.keys.map((key) => requestBytes(job, key));
  const callers = await Promise.all(
    Array.from({ length: job.connections }, async (_, index): Promise<Caller> => {
      const request = requests[index % requests.length];
      if (request === undefined) throw new Error("a load needs at least one key");
      return { connection: await openConnection(job.host, job.port), request };
    }),
  );
  const record: Record = { latencies: [], firstBytes: [], failed: 0, firstFailure: null };
  const { ratePerSecond } = job;
  const startedMs = performance.now();
  if (ratePerSecond === null) await runBackToBack(job, callers, record);
  else await runPaced({ ...job, ratePerSecond }, callers, record);
  const elapsedMs = performance.now() - startedMs;
  for (const { connection } of callers) connection.close();
  const latencies = record.latencies.toSorted((a, b) => a - b);
  const firstBytes = record.firstBytes.toSorted((a, b) => a - b);
  return {
    completed: latencies.length,
    failed: record.failed,
    perSecond: (latencies.length / elapsedMs) * 1000,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    firstByteP50Ms: percentile(firstBytes, 50),
    firstByteP99Ms: percentile(firstBytes, 99),
    firstFailure: record.firstFailure,
  };
}

const fromError = (error: unknown): LoadResult => ({
  completed: 0,
  failed: 1,
  perSecond: 0,
  p50Ms: 0,
  p99Ms: 0,
  firstByteP50Ms: 0,
  firstByteP99Ms: 0,
  firstFailure: String(error),
});

process.on("message", (job: LoadJob) => {
  void run(job)
    .catch(fromError)
    .then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));
