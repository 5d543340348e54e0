import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { type DurableSpool, type DurableSpoolDeps, openDurableSpool } from "../src/store/spool/durable-spool.ts";

export interface SpoolRig {
  readonly folder: string;
  /** The records that the bus has stored, in order, with repetitions. */
  readonly published: UsageConsumed[];
  /** The batches they came in, by id, and how many records each had. */
  readonly batches: { readonly id: string; readonly records: number }[];
  /** While false every publish is refused. */
  busIsUp: boolean;
  open(options?: Partial<DurableSpoolDeps>): Promise<DurableSpool>;
  remove(): void;
}

export function spoolRig(): SpoolRig {
  const folder = mkdtempSync(join(tmpdir(), "topdog-spool-"));
  const rig: SpoolRig = {
    folder,
    published: [],
    batches: [],
    busIsUp: true,
    open: (options = {}) =>
      openDurableSpool({
        folder,
        maxBytes: 4 * 1024 * 1024,
        segmentBytes: 64 * 1024,
        gatherMs: 5,
        nowMs: Date.now,
        async publish({ id, events }) {
          if (!rig.busIsUp) throw new Error("the bus is away");
          rig.batches.push({ id, records: events.length });
          rig.published.push(...events.map(({ json }) => JSON.parse(json) as UsageConsumed));
        },
        maxBatchBytes: () => 512 * 1024,
        isHopeless: () => false,
        onSync: () => undefined,
        onShipped: () => undefined,
        onQuarantined: () => undefined,
        keepShippedMs: 86_400_000,
        keepShippedBytes: 64 * 1024 * 1024,
        onRecorded: () => undefined,
        onFailure: () => undefined,
        ...options,
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  return rig;
}
