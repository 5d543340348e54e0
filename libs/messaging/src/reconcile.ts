import { setTimeout as sleep } from "node:timers/promises";
import { type CompareSnapshots, maxComparedSnapshots } from "@topdog/contracts/rpc/compare-snapshots";
import type { ServiceName } from "@topdog/contracts/services";
import type { Bus } from "./connect.ts";
import type { MessagingLogger } from "./logger.ts";
import { callRpc, serveRpc } from "./rpc.ts";

/** A fact of which others keep a copy, by its key and its version. */
export interface Snapshot {
  readonly key: string;
  readonly version: number;
}

export interface ReconciliationOptions<S extends Snapshot> {
  readonly bus: Bus;
  /** Who keeps a copy, and how it is asked. */
  readonly keepers: readonly { readonly name: ServiceName; readonly rpc: CompareSnapshots }[];
  /** The next ones after a key, in the order of keys, `limit` at most. */
  readonly page: (after: string, limit: number) => Promise<readonly S[]>;
  /** Announces them anew. */
  readonly republish: (snapshots: readonly S[]) => Promise<void>;
  /** At the end of each walk over all: how many a keeper lacked. */
  readonly onWalked: (keeper: ServiceName, lacking: number) => void;
  readonly logger: MessagingLogger;
  /** How long an event may be on its way; 2 s when absent. */
  readonly onItsWayMs?: number;
}

const askTimeoutMs = 3_000;
const onItsWayMs = 2_000;
/** A run takes a bounded part of what there is; the next one goes on behind it. */
const maxPagesPerRun = 10;

/**
 * Compares what others keep with what is true here, page by page, and announces again what they lack: an event that the bus lost is
 * made good within one walk. Rejects when a keeper does not answer; the next run goes on at the same place.
 */
export function createReconciliation<S extends Snapshot>(
  options: ReconciliationOptions<S>,
): { run(signal: AbortSignal): Promise<void> } {
  const { bus, keepers, page, republish, onWalked, logger } = options;
  let after = "";
  let lackingOf = new Map<ServiceName, number>();

  /** What a keeper lacks now and after a while: an event that is on its way is not lost. */
  async function lackingAt(rpc: CompareSnapshots, asked: readonly Snapshot[]): Promise<readonly string[]> {
    const ask = async (snapshots: readonly Snapshot[]): Promise<readonly string[]> =>
      (await callRpc(bus, rpc, { snapshots: [...snapshots] }, { timeoutMs: askTimeoutMs })).lacking;
    const first = new Set(await ask(asked));
    if (first.size === 0) return [];
    await sleep(options.onItsWayMs ?? onItsWayMs);
    return ask(asked.filter(({ key }) => first.has(key)));
  }

  async function comparePage(snapshots: readonly S[]): Promise<void> {
    const asked = snapshots.map(({ key, version }) => ({ key, version }));
    const lackingAnywhere = new Set<string>();
    for (const { name, rpc } of keepers) {
      const lacking = await lackingAt(rpc, asked);
      if (lacking.length > 0)
        logger.warn({ keeper: name, lacking: lacking.length, first: lacking[0] }, "snapshots were lost on their way");
      lackingOf.set(name, (lackingOf.get(name) ?? 0) + lacking.length);
      for (const key of lacking) lackingAnywhere.add(key);
    }
    if (lackingAnywhere.size > 0) await republish(snapshots.filter(({ key }) => lackingAnywhere.has(key)));
  }

  return {
    async run(signal) {
      for (let pages = 0; pages < maxPagesPerRun && !signal.aborted; pages += 1) {
        const snapshots = await page(after, maxComparedSnapshots);
        if (snapshots.length > 0) await comparePage(snapshots);
        after = snapshots.at(-1)?.key ?? "";
        if (snapshots.length === maxComparedSnapshots) continue;
        after = "";
        for (const { name } of keepers) onWalked(name, lackingOf.get(name) ?? 0);
        lackingOf = new Map();
        return;
      }
    },
  };
}

export interface AnswerComparisonDeps {
  readonly bus: Bus;
  readonly logger: MessagingLogger;
  /** The versions that are kept here. */
  readonly versionsOf: (keys: readonly string[]) => Promise<readonly Snapshot[]>;
}

const maxInFlight = 4;

/** Answers which snapshots this service lacks. */
export const answerComparison = (
  rpc: CompareSnapshots,
  { bus, logger, versionsOf }: AnswerComparisonDeps,
): { stop(): Promise<void> } =>
  serveRpc(bus, rpc, {
    maxInFlight,
    logger,
    handle: async ({ snapshots }) => {
      const kept = await versionsOf(snapshots.map(({ key }) => key));
      const versions = new Map(kept.map(({ key, version }) => [key, version]));
      return {
        lacking: snapshots.filter(({ key, version }) => (versions.get(key) ?? -1) < version).map(({ key }) => key),
      };
    },
  });
