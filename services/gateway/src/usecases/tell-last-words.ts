import { setTimeout as sleep } from "node:timers/promises";
import type { LeaseGrant, LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import type { QuotaSync, SyncReply } from "../clients/quota-sync.ts";
import type { Logger } from "@topdog/telemetry/logger";
import { forgetLastWords, type LastWords, type LeaseJournal } from "../store/lease-journal.ts";
import type { QuotaLeases } from "../store/quota-leases.ts";

export interface TellLastWordsDeps {
  readonly words: readonly LastWords[];
  readonly sync: QuotaSync;
  readonly signal: AbortSignal;
  readonly onTold: (leases: number) => void;
}

const maxLeasesPerMessage = 500;
const retryMs = 1_000;

/**
 * Tells quota, in the name of gateways that died here, what they had taken: their leases end, and nothing of a window stays burned. Goes
 * on until quota has answered; every number is absolute, so telling it twice changes nothing.
 */
export async function tellLastWords({ words, sync, signal, onTold }: TellLastWordsDeps): Promise<void> {
  /** Null: this process ends before quota has answered. */
  async function tell(gatewayId: string, leases: readonly LeaseReport[]): Promise<SyncReply | null> {
    while (!signal.aborted) {
      const reply = await sync({ gatewayId, leases: [...leases] }).catch(() => null);
      if (reply !== null) return reply;
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
    return null;
  }

  for (const { path, gatewayId, reports } of words) {
    for (let first = 0; first < reports.length; first += maxLeasesPerMessage) {
      const reply = await tell(gatewayId, reports.slice(first, first + maxLeasesPerMessage));
      if (reply === null) return;
      const unheard = reply.leases.flatMap((grant) => reportOfUnheard(grant, reports));
      if (unheard.length > 0 && (await tell(gatewayId, unheard)) === null) return;
    }
    forgetLastWords({ path });
    onTold(reports.length);
  }
}

/** Of a lease that quota gave and of which the answer never arrived: nothing was taken of it. */
function reportOfUnheard({ owner, meter, leaseId, state, size, reported }: LeaseGrant, told: readonly LeaseReport[]) {
  const asked = told.find((one) => one.leaseId === null && one.owner === owner && one.meter === meter);
  if (asked === undefined || leaseId === null || state !== "open") return [];
  return [{ ...asked, leaseId, used: reported, returned: size - reported, close: true }];
}

export interface LastWordsPartDeps {
  readonly lastWords: readonly LastWords[];
  readonly journal: LeaseJournal | null;
  readonly leases: Pick<QuotaLeases, "heldLeases">;
  readonly sync: QuotaSync;
  readonly logger: Logger;
}

/** Stopped after the leases were given back: then nobody has to tell anything of this process either. */
export function lastWordsPart({ lastWords: words, journal, leases, sync, logger }: LastWordsPartDeps) {
  const stopping = new AbortController();
  let telling: Promise<void> = Promise.resolve();
  return {
    start: () => {
      const onTold = (told: number): void =>
        logger.info({ leases: told }, "quota was told what a gateway before had taken");
      telling = tellLastWords({ words, sync, signal: stopping.signal, onTold });
    },
    stop: async () => {
      stopping.abort();
      await telling;
      if (leases.heldLeases() === 0) journal?.remove();
    },
  };
}
