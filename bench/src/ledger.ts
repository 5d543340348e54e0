import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { headers } from "@nats-io/transport-node";
import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { durableFor } from "@topdog/contracts/topology";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { type Stack, startStack } from "@topdog/local-stack/stack";
import { type Bus, connectBus } from "@topdog/messaging/connect";
import { batchContentType, encodeBatch, maxBatchBytes } from "@topdog/messaging/event-batch";
import { publishStored } from "@topdog/messaging/publish";
import { Client } from "pg";
import { createCpuClock } from "./cpu-clock.ts";
import { type LedgerDay, makeLedgerDay } from "./ledger-day.ts";

const oldRows = 1_000_000;
const newRows = 200_000;
/** Completed first and not counted: quota's code is compiled by then. */
const warmUpShare = 0.2;
const pollMs = 25;
const publishTimeoutMs = 30_000;

/** How fast usage becomes ledger rows, on a day with a million of them, and what a row costs which process. */
export async function measureLedger(progress: (line: string) => void): Promise<void> {
  const dataDir = makeScratchFolder("bench-ledger");
  const stack = await startStack({ dataDir, sandboxes: 0, onProgress: progress });
  const quota = new Client({ connectionString: stack.postgres.url("quota", "quota_owner") });
  const logger = { ...console, fatal: console.error };
  const bus = await connectBus({ url: stack.nats.url, seed: stack.operatorBusSeed, name: "operator", logger });
  try {
    await quota.connect();
    progress(`writing a day of ${oldRows} complete rows and ${newRows} open ones`);
    const day = await makeLedgerDay(quota, { oldRows, newRows });
    const warm = Math.floor(day.batches.length * warmUpShare);
    await settle(bus, day.batches.slice(0, warm));
    await report(stack, bus, { rows: day.rows, batches: day.batches.slice(warm) });
    await check(quota, oldRows + day.rows);
  } finally {
    await bus.close();
    await quota.end();
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function report(stack: Stack, bus: Bus, day: LedgerDay): Promise<void> {
  const clock = createCpuClock();
  const processes = { quota: stack.services["quota"]?.pid ?? 0, nats: stack.nats.pid, postgres: stack.postgres.pid };
  const read = () => Object.entries(processes).map(([name, pid]) => [name, clock.read(pid)] as const);
  const before = new Map(read());
  const startedMs = performance.now();
  await settle(bus, day.batches);
  const seconds = (performance.now() - startedMs) / 1000;
  const rows = 2 * day.batches.reduce((sum, batch) => sum + batch.length, 0);
  const cpu = read().map(([name, micros]) => `${name} ${((micros - (before.get(name) ?? 0)) / rows).toFixed(1)}`);
  console.log(`ledger: ${Math.round(rows / seconds)} rows a second (${rows} in ${seconds.toFixed(1)} s)`);
  console.log(`CPU µs a row: ${cpu.join(", ")}`);
}

/** Publishes as a router does, and waits until the ledger has it. */
async function settle(bus: Bus, batches: LedgerDay["batches"]): Promise<void> {
  const maxBytes = maxBatchBytes(bus.nc.info?.max_payload);
  for (const events of batches) {
    const carried = headers();
    carried.set("content-type", batchContentType);
    const body = encodeBatch(usageConsumed, "llm-router", events, maxBytes);
    const id = events[0]?.id ?? "";
    await publishStored(bus, { subject: usageConsumed.subject, body, headers: carried, id }, publishTimeoutMs);
  }
  const durable = durableFor("quota", usageConsumed.subject);
  for (;;) {
    const { num_pending, num_ack_pending } = await bus.jsm.consumers.info(durable.stream, durable.name);
    if (num_pending + num_ack_pending === 0) return;
    await sleep(pollMs);
  }
}

async function check(quota: Client, wanted: number): Promise<void> {
  const { rows } = await quota.query<{ rows: number }>(
    "select count(*)::integer as rows from ledger where state = 'completed' and lease_id in (select lease_id from lease where gateway_id = 'gateway-ledger')",
  );
  if (rows[0]?.rows !== wanted) throw new Error(`the ledger has ${rows[0]?.rows} complete rows, not ${wanted}`);
}
