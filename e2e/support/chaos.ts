import { until } from "./eventually.ts";
import { invariantViolations, type LedgerAccess, ledgerByRequest, type LedgerRow } from "./ledger.ts";
import { runLoad, type Observation } from "./load.ts";
import type { Platform, Victim } from "./platform.ts";
import { pick, seededRandom, type Random } from "./random.ts";

export interface ChaosRun {
  readonly seed: number;
  readonly durationMs: number;
  readonly clients: number;
  readonly keys: readonly string[];
  readonly victims: readonly Victim[];
  /** Goes on for longer than `durationMs` until the clients have seen enough: a busy machine takes longer for it. */
  readonly isEnough?: (seen: readonly Observation[]) => boolean;
}

/** What clients saw. */
export interface History {
  readonly observations: readonly Observation[];
}

export interface ChaosHistory extends History {
  readonly kills: Readonly<Record<Victim, number>>;
}

/** Clients at work while processes are killed with SIGKILL at seeded moments and started again. */
export async function runChaos(platform: Platform, run: ChaosRun): Promise<ChaosHistory> {
  const random = seededRandom(run.seed);
  const endsAt = Date.now() + run.durationMs;
  const kills: Record<Victim, number> = { gateway: 0, "llm-router": 0, quota: 0, nats: 0, postgres: 0 };

  const stage = { isOver: false, isEnough: run.isEnough === undefined };
  const killer = async (): Promise<void> => {
    // Every victim falls at least once, in a seeded order; then at random.
    const order = run.victims.toSorted(() => random() - 0.5);
    try {
      while (Date.now() < endsAt || order.length > 0 || !stage.isEnough) {
        await sleep(300 + random() * 900);
        const victim = order.pop() ?? pick(random, run.victims);
        kills[victim]++;
        await killAndRestart(platform, victim, random);
      }
    } finally {
      stage.isOver = true;
    }
  };

  const [observations] = await Promise.all([
    runLoad({
      urls: platform.gatewayUrls,
      keys: run.keys,
      clients: run.clients,
      streamedShare: 0.6,
      random,
      goOn: (seen) => {
        stage.isEnough ||= run.isEnough?.(seen) === true;
        return !stage.isOver;
      },
      pauseAfterFailureMs: 60,
    }),
    killer(),
  ]);
  return { observations, kills };
}

async function killAndRestart(platform: Platform, victim: Victim, random: Random): Promise<void> {
  await platform.kill9(victim);
  await sleep(50 + random() * 400);
  await platform.restart(victim);
}

export interface Findings {
  /** Complete answers without exactly one completed charge row. */
  readonly completeWithoutOneRow: string[];
  /** Streams that delivered content and have no row at all. */
  readonly deliveredWithoutRow: string[];
  /** Requests whose API call was charged more than once. */
  readonly chargedTwice: string[];
  readonly violations: unknown[];
}

/** Waits until the usage pipeline is empty, then holds what clients saw against the ledger. */
export async function holdAgainstLedger(platform: LedgerAccess, history: History, drainMs = 60_000): Promise<Findings> {
  const find = async (): Promise<Findings> => {
    const rows = await ledgerByRequest(platform);
    const charges = (id: string): LedgerRow[] =>
      (rows.get(id) ?? []).filter((row) => row.entry === "charge" && row.meter === "api_calls");
    const identified = history.observations.filter((one) => one.requestId !== null);
    const idOf = (one: Observation): string => one.requestId ?? "";
    return {
      completeWithoutOneRow: identified
        .filter((one) => one.complete && charges(idOf(one)).filter((row) => row.state === "completed").length !== 1)
        .map(idOf),
      deliveredWithoutRow: identified
        .filter((one) => one.contentEvents > 0 && charges(idOf(one)).length === 0)
        .map(idOf),
      chargedTwice: [...rows.keys()].filter((id) => charges(id).length > 1),
      violations: await invariantViolations(platform),
    };
  };
  const clean = (found: Findings): boolean => Object.values(found).every((list) => list.length === 0);
  return until("the ledger agrees with the clients", find, clean, { timeoutMs: drainMs, intervalMs: 500 }).catch(find);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
