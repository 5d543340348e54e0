import { setTimeout as sleep } from "node:timers/promises";
import { plans } from "@topdog/contracts/plans";
import { request } from "undici";
import { allReady, type Fault, type LostTime } from "./chaos-faults.ts";
import { lastFindings, until } from "./eventually.ts";
import { type Findings, type History, holdAgainstLedger, isForgotten } from "./findings.ts";
import { adminQuery } from "./ledger.ts";
import { type Observation, runLoad } from "./load.ts";
import type { Platform } from "./platform.ts";
import { seededRandom } from "./random.ts";

/** Who calls while things break. */
export interface Callers {
  readonly keys: readonly string[];
  /** By key: whose buckets its calls may be charged to. */
  readonly owners: readonly (readonly string[])[];
  /** Of the free plan: owners whose day ends within a run. */
  readonly small: readonly string[];
}

/** So many of the free plan, and orgs with room for every client. */
export async function newCallers(
  platform: Platform,
  count: { readonly free: number; readonly orgs: number },
): Promise<Callers> {
  const free = await Promise.all(Array.from({ length: count.free }, () => platform.newUser({ plan: "free" })));
  const large = Array.from({ length: count.orgs }, () => platform.newOrg({ plan: "enterprise", seats: 2_000 }));
  const orgs = await Promise.all(large);
  const small = free.map(({ userId }) => `user:${userId}`);
  return {
    keys: [...free.map(({ userKey }) => userKey), ...orgs.map(({ ownerKey }) => ownerKey)],
    owners: [
      ...small.map((owner) => [owner]),
      ...orgs.map(({ orgId, ownerId }) => [`seat:${orgId}:${ownerId}`, `org:${orgId}`]),
    ],
    small,
  };
}

export interface ChaosRun {
  readonly seed: number;
  readonly callers: Callers;
  readonly clients: number;
  /** What breaks, one after the other; the load ends with the last. */
  readonly faults: Iterable<Fault>;
  /** The rest between two faults is between this and four times as long. */
  readonly restMs: number;
  readonly onFault?: (fault: Fault) => void;
  /** After the last of them `fault` comes again until the clients have seen enough: a busy machine takes longer for it. */
  readonly proof?: { readonly isEnough: (seen: readonly Observation[]) => boolean; readonly fault: Fault };
}

export interface ChaosHistory extends Required<History> {
  readonly faults: number;
}

const mostRepeats = 50;

/** Clients at work while one thing after the other breaks. */
export async function runChaos(platform: Platform, run: ChaosRun): Promise<ChaosHistory> {
  const random = seededRandom(run.seed + 1);
  const lost: LostTime[] = [];
  const stage = { hasBroken: false, faults: 0 };
  let seen: readonly Observation[] = [];
  async function breakOne(fault: Fault): Promise<void> {
    await sleep(run.restMs * (1 + 3 * random()));
    run.onFault?.(fault);
    const forgotten = await fault.run();
    if (forgotten !== undefined) lost.push(forgotten);
    stage.faults += 1;
  }
  async function breakThings(): Promise<void> {
    for (const fault of run.faults) await breakOne(fault);
    for (let again = 0; run.proof?.isEnough(seen) === false; again += 1) {
      if (again === mostRepeats) throw new Error("what broke was never seen by a client");
      await breakOne(run.proof.fault);
    }
  }
  const [observations] = await Promise.all([
    runLoad({
      urls: platform.gatewayUrls,
      keys: run.callers.keys,
      clients: run.clients,
      streamedShare: 0.6,
      random: seededRandom(run.seed),
      goOn: (observations) => {
        seen = observations;
        return !stage.hasBroken;
      },
      pauseAfterFailureMs: 60,
      pauseMs: 10,
    }),
    breakThings().finally(() => {
      stage.hasBroken = true;
    }),
  ]);
  return { observations, lost, owners: run.callers.owners, faults: stage.faults };
}

export interface Verdict extends Findings {
  /** Days of small limits with more calls than they allow, by the counters or by what clients were given. */
  readonly oversold: string[];
  /** What the metering consistency indicator says that clients' own journals do not. */
  readonly indicator: string[];
}

const recoveryMs = 60_000;

/** Whatever broke last: everything serves again by itself. Then what clients saw is held against the ledger, the counters and the indicator. */
export async function judge(platform: Platform, callers: Callers, history: ChaosHistory): Promise<Verdict> {
  await allReady(platform, recoveryMs);
  const org = { keys: callers.keys.slice(-1), streamedShare: 0, random: seededRandom(0) };
  await until(
    "a call of an org is served by each gateway",
    () =>
      Promise.all(
        platform.gatewayUrls.map((url) =>
          runLoad({ ...org, urls: [url], clients: 1, goOn: (seen) => seen.length < 1 }),
        ),
      ),
    (served) => served.flat().every(({ complete }) => complete),
    { timeoutMs: recoveryMs, intervalMs: 200 },
  );
  const findings = await holdAgainstLedger(platform, history);
  return {
    ...findings,
    oversold: await findOversold(platform, callers, history),
    indicator: await askIndicator(platform, history),
  };
}

interface UsedDay {
  readonly owner: string;
  readonly day: string;
  readonly used: number;
}

async function findOversold(platform: Platform, { small }: Callers, history: History): Promise<string[]> {
  const limit = plans.free.llmRequestsPerDay;
  const days = await adminQuery<UsedDay>(
    platform,
    `select owner, day::text as day, settled::integer as used from bucket where owner = any($1) and meter = 'llm_requests'`,
    [small],
  );
  const counted = days
    .filter(({ used }) => used > limit)
    .map(({ owner, day, used }) => `${owner} ${day}: ${used} of ${limit}`);
  const given = small.flatMap((owner, caller) => {
    const own = history.observations.filter((one) => one.caller === caller && one.complete);
    const served = own.filter((one) => !isForgotten(history, one)).length;
    const most = limit * days.filter((day) => day.owner === owner).length;
    return served > most ? [`${owner}: ${served} answers, ${most} allowed`] : [];
  });
  return [...counted, ...given];
}

interface Indicator {
  readonly meteringConsistency: {
    readonly ratio: number;
    readonly disagreeingBuckets: number;
    readonly firstGap: unknown;
    readonly behindMs: number;
  };
  readonly ledger: { readonly openRows: number; readonly unknownRows: number };
}

/** Of one call: an API call and an LLM request, and both once more at another router. */
const mostChargesOfOneCall = 4;
/** Written later than this is not in the figures yet. */
const mostBehindMs = 3_000;

async function readIndicator(platform: Platform): Promise<Indicator> {
  const answer = await request(`${platform.opsUrl("quota")}/consistency/sli`);
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`the indicator is not known: ${answer.statusCode} ${text}`);
  return JSON.parse(text) as Indicator;
}

/** It must be 1 when nothing is wrong, and calls without a record must be calls whose clients got no whole answer. */
async function askIndicator(platform: Platform, { observations }: History): Promise<string[]> {
  const unserved = observations.filter(({ complete }) => !complete).length;
  const objections = ({ meteringConsistency, ledger }: Indicator): string[] => {
    const { ratio, behindMs } = meteringConsistency;
    const pending = ledger.openRows + ledger.unknownRows;
    return [
      ...(ratio === 1 ? [] : [`its ratio is ${ratio}: ${JSON.stringify(meteringConsistency)}`]),
      ...(behindMs <= mostBehindMs ? [] : [`it is ${behindMs} ms behind`]),
      ...(pending <= unserved * mostChargesOfOneCall
        ? []
        : [`${pending} charges have no record, and ${unserved} calls were not answered whole`]),
    ];
  };
  const ask = async (): Promise<string[]> => objections(await readIndicator(platform));
  return lastFindings("what the indicator says", ask, (found) => found.length === 0, { intervalMs: 500 });
}
