import type { Transaction } from "@topdog/postgres/pool";
import { ImpossibleEventError } from "./impossible-event.ts";
import { judgeSnapshot } from "./snapshot-version.ts";

/** A snapshot that an event brought, as a row of the table that keeps the latest one of each owner. */
export interface SnapshotRow {
  readonly table: string;
  /** Column and value. */
  readonly key: readonly [column: string, value: string];
  readonly version: number;
  readonly changedAt: Date;
  /** The other columns. The table also has `version` and `changed_at`. */
  readonly columns: Readonly<Record<string, string | number>>;
}

interface StoredVersion {
  readonly version: number | string;
  readonly changed_at: Date | null;
}

/**
 * Stores a newer snapshot. Returns false, and changes nothing, for one that is not newer: events are repeated and reordered. Throws
 * ImpossibleEventError for a version that its source cannot have written.
 */
export async function putNewerSnapshot(trx: Transaction, row: SnapshotRow, nowMs = Date.now()): Promise<boolean> {
  const key = { [row.key[0]]: row.key[1] };
  const values = { ...row.columns, version: row.version, changed_at: row.changedAt };
  for (;;) {
    const stored = await trx(row.table)
      .where(key)
      .forUpdate()
      .first<StoredVersion | undefined>("version", "changed_at");
    const known = stored === undefined ? null : { version: Number(stored.version), changedAt: stored.changed_at };
    const verdict = judgeSnapshot(known, row, nowMs);
    if (verdict === "impossible") throw new ImpossibleEventError(impossibleBecause(row, known?.version ?? 0));
    if (verdict === "not_newer") return false;
    if (stored !== undefined) {
      await trx(row.table).where(key).update(values);
      return true;
    }
    const inserted = await trx(row.table)
      .insert({ ...key, ...values })
      .onConflict(row.key[0])
      .ignore()
      .returning(row.key[0]);
    if (inserted.length === 1) return true;
    // Another transaction stored the first one meanwhile: its row is there now, to be compared with.
  }
}

const impossibleBecause = ({ version, changedAt }: SnapshotRow, stored: number): string =>
  `version ${version} of ${changedAt.toISOString()} cannot follow version ${stored}`;
