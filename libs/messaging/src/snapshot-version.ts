/** The place of a snapshot in its owner's history. */
export interface SnapshotVersion {
  readonly version: number;
  /** When its source wrote it; null when that is not known. */
  readonly changedAt: Date | null;
}

export type SnapshotVerdict = "newer" | "not_newer" | "impossible";

/** No source of ours wrote anything before this. */
const platformEpochMs = Date.UTC(2026, 0, 1);
/** How far the clocks of two processes may be apart, with what a change may wait for its row lock. */
const clockSlackMs = 300_000;
/** One version is one committed change under its owner's row lock: no source writes more, for long. */
const maxVersionsPerMs = 1;

/**
 * Whether a snapshot replaces the one that is stored. A version that its source cannot have reached by then is impossible, and
 * so is a time in the future. A lower version written clearly later than a higher one shows that the higher one was false (or
 * that the source was restored from a backup): it counts as newer, so that a false version blocks the true ones for minutes
 * and not for ever.
 */
export function judgeSnapshot(
  stored: SnapshotVersion | null,
  incoming: SnapshotVersion & { readonly changedAt: Date },
  nowMs: number,
): SnapshotVerdict {
  const changedAtMs = incoming.changedAt.getTime();
  if (!(changedAtMs <= nowMs + clockSlackMs)) return "impossible";
  const version = stored?.version ?? 0;
  const storedAtMs = stored?.changedAt?.getTime();
  if (incoming.version > version) {
    // Both times may be off, one each way.
    const elapsedMs = changedAtMs - (storedAtMs ?? platformEpochMs) + 2 * clockSlackMs;
    return incoming.version - version <= elapsedMs * maxVersionsPerMs ? "newer" : "impossible";
  }
  const wasFalse = storedAtMs !== undefined && incoming.version < version && changedAtMs > storedAtMs + clockSlackMs;
  return wasFalse ? "newer" : "not_newer";
}
