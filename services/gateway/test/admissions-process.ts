import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { bucketOwnerSchema, planMeters } from "@topdog/contracts/quota";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { connectBus } from "@topdog/messaging/connect";
import { createLogger } from "@topdog/telemetry/logger";
import { z } from "zod";
import { onPermitsRecalled } from "../src/broadcasts/on-permits-recalled.ts";
import { onQuotaRecalled } from "../src/broadcasts/on-quota-recalled.ts";
import { createPermitAsks } from "../src/clients/permit-asks.ts";
import { createQuotaSync } from "../src/clients/quota-sync.ts";
import { processTimers } from "../src/clients/timers.ts";
import { createQuotaHoldings, type QuotaHoldings } from "../src/store/quota-holdings.ts";
import { admitCall } from "../src/usecases/admit-call.ts";

/** What a bench asks of one gateway: calls of these owners, as many at once as there are clients. */
const jobSchema = z.object({
  natsUrl: z.string(),
  busSeed: z.string(),
  gatewayId: z.string(),
  owners: z.array(z.object({ personal: bucketOwnerSchema.nullable(), org: bucketOwnerSchema.nullable() })).min(1),
  clients: z.int().min(1),
  /** Of each client. */
  calls: z.int().min(1),
  /** How long a call runs once it is admitted. */
  callMs: z.number().min(0),
});
type Job = z.infer<typeof jobSchema>;

const noCount = { inc: () => undefined };
const maxBuckets = 100_000;
const closeMs = 10_000;
const refusedMs = 5;

interface Counts {
  admitted: number;
  refused: number;
  /** Calls that waited for an answer of quota. */
  waited: number;
  reports: number;
  asks: number;
}

const principalOf = (buckets: Job["owners"][number], index: number): Principal => ({
  keyId: `key_${index}`,
  userId: `usr_${index}`,
  orgId: null,
  role: null,
  scopes: ["llm"],
  restrictions: null,
  byok: { scope: "user", used: 0, capacity: 0 },
  buckets,
});

/** A call's permit and tokens, as `serve-call.ts` takes them: what the limits of a plan add to a call. */
async function serve(
  { leases, permits }: QuotaHoldings,
  caller: Principal,
  callMs: number,
  counts: Counts,
): Promise<void> {
  const owner = caller.buckets.personal ?? caller.buckets.org ?? "";
  const asked = permits.take(owner);
  const permit = asked instanceof Promise ? await asked : asked;
  if (permit !== "taken") {
    counts.refused += 1;
    await sleep(refusedMs);
    return;
  }
  const decided = admitCall(leases, caller, planMeters, { isGone: false });
  if (asked instanceof Promise || decided instanceof Promise) counts.waited += 1;
  const { outcome } = decided instanceof Promise ? await decided : decided;
  if (outcome === "admitted") counts.admitted += 1;
  else counts.refused += 1;
  await (callMs === 0 ? nextTurn() : sleep(callMs));
  permits.give(owner);
}

async function run(job: Job): Promise<Counts & { readonly seconds: number }> {
  const logger = createLogger({ service: "gateway", level: "warn" });
  const bus = await connectBus({ url: job.natsUrl, seed: job.busSeed, name: "gateway", logger });
  const counts: Counts = { admitted: 0, refused: 0, waited: 0, reports: 0, asks: 0 };
  const [sync, ask] = [createQuotaSync(bus), createPermitAsks(bus)];
  const holdings = createQuotaHoldings({
    gatewayId: job.gatewayId,
    monotonicMs: () => performance.now(),
    timers: processTimers,
    sync: (request) => {
      counts.reports += 1;
      return sync(request);
    },
    askPermits: (request) => {
      counts.asks += 1;
      return ask(request);
    },
    maxBuckets,
    metrics: { leaseSyncs: noCount, syncedLeases: noCount },
    // Figures of an outage are no figures.
    onFailure: (error) => {
      throw error;
    },
  });
  const { leases, permits } = holdings;
  const forget = [onQuotaRecalled(bus, leases, permits), onPermitsRecalled(bus, permits)];
  leases.sync.start();
  const callers = job.owners.map(principalOf);
  const startedMs = performance.now();
  const client = async (index: number): Promise<void> => {
    const caller = callers[index % callers.length] as Principal;
    for (let call = 0; call < job.calls; call += 1) await serve(holdings, caller, job.callMs, counts);
  };
  await Promise.all(Array.from({ length: job.clients }, (_, index) => client(index)));
  const result = { ...counts, seconds: (performance.now() - startedMs) / 1000 };
  await Promise.all([leases.sync.closeAll(closeMs), permits.stop(closeMs)]);
  for (const one of forget) one();
  await bus.close();
  return result;
}

process.once("message", (message) => {
  void run(jobSchema.parse(message)).then((result) => process.send?.(result, () => process.disconnect()));
});
