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

function requestBytes(job: LoadJob): Buffer {
  const headers = { host: `${job.host}:${job.port}`, "content-type": "application/json", ...job.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST /v1/chat/completions HTTP/1.1\r\n${lines.join("")}content-length: ${Buffer.byteLength(job.body)}\r\n\r\n`;
  return Buffer.from(head + job.body);
}

async function measureOne(connection: HttpConnection, request: Buffer, startMs: number, record: Record): Promise<void> {
  const answer = await connection.send(request);
  if (answer.status === 200) {
    record.latencies.push(answer.lastByteMs - startMs);
    record.firstBytes.push(answer.firstByteMs - startMs);
    return;
  }
  record.failed += 1;
  record.firstFailure ??= answer.excerpt;
}

async function runBackToBack(
  job: LoadJob,
  connections: readonly HttpConnection[],
  request: Buffer,
  record: Record,
): Promise<void> {
  const endMs = performance.now() + job.durationMs;
  const worker = async (connection: HttpConnection): Promise<void> => {
    for (let now = performance.now(); now < endMs; now = performance.now())
      await measureOne(connection, request, now, record);
  };
  await Promise.all(connections.map(worker));
}

/** Open model: a request that finds every connection busy waits, and its wait is part of its latency. */
async function runPaced(
  job: LoadJob & { ratePerSecond: number },
  connections: readonly HttpConnection[],
  request: Buffer,
  record: Record,
): Promise<void> {
  const beginMs = performance.now();
  const free = [...connections];
  const waitingSinceMs: number[] = [];
  const running = new Set<Promise<void>>();
  const serve = async (connection: HttpConnection): Promise<void> => {
    for (let since = waitingSinceMs.shift(); since !== undefined; since = waitingSinceMs.shift()) {
      await measureOne(connection, request, since, record);
    }
    free.push(connection);
  };
  let issued = 0;
  for (let now = beginMs; now - beginMs < job.durationMs; now = performance.now()) {
    const due = Math.floor(((now - beginMs) / 1000) * job.ratePerSecond) + 1;
    for (; issued < due; issued += 1) waitingSinceMs.push(now);
    while (waitingSinceMs.length > 0) {
      const connection = free.pop();
      if (connection === undefined) break;
      const served = serve(connection);
      running.add(served);
      void served.finally(() => running.delete(served)).catch(() => undefined);
    }
    await sleep(pacingIntervalMs);
  }
  await Promise.all(running);
}

async function run(job: LoadJob): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: job.connections }, () => openConnection(job.host, job.port)),
  );
  const record: Record = { latencies: [], firstBytes: [], failed: 0, firstFailure: null };
  const request = requestBytes(job);
  const { ratePerSecond } = job;
  const startedMs = performance.now();
  if (ratePerSecond === null) await runBackToBack(job, connections, request, record);
  else await runPaced({ ...job, ratePerSecond }, connections, request, record);
  const elapsedMs = performance.now() - startedMs;
  for (const connection of connections) connection.close();
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
