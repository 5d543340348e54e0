import { newPermitEntry, type PermitEntry } from "./permit-entry.ts";

/** The owners whose permits this gateway knows; those without a call under way in the order in which they became idle. */
export interface PermitBook {
  find(owner: string): PermitEntry | undefined;
  /** Makes room for a new owner: the longest idle one is let go. */
  entry(owner: string): PermitEntry;
  all(): Iterable<PermitEntry>;
  size(): number;
  begin(entry: PermitEntry): void;
  end(entry: PermitEntry): void;
  /** From now on it is idle, if no call of it is under way. */
  rest(entry: PermitEntry): void;
  /** Lets go of what has been idle for too long. */
  sweep(): void;
  drop(entry: PermitEntry): void;
}

export interface PermitBookDeps {
  readonly maxOwners: number;
  readonly monotonicMs: () => number;
  /** What is held goes back; when quota has answered, `drop` is called. */
  readonly letGo: (entry: PermitEntry) => void;
}

/** Permits without a call for so long go back. */
const idleMs = 600_000;

export function createPermitBook({ maxOwners, monotonicMs, letGo }: PermitBookDeps): PermitBook {
  const entries = new Map<string, PermitEntry>();
  const idle = new Map<PermitEntry, number>();

  const isFree = (entry: PermitEntry): boolean => !entry.inFlight && entry.waiting.length === 0;
  function drop(entry: PermitEntry): void {
    idle.delete(entry);
    entries.delete(entry.owner);
  }
  function rest(entry: PermitEntry): void {
    if (entry.running > 0) return;
    idle.delete(entry);
    idle.set(entry, monotonicMs());
  }
  function release(entry: PermitEntry): void {
    idle.delete(entry);
    if (entry.held === 0 && !entry.isUnsure) entries.delete(entry.owner);
    else letGo(entry);
  }

  return {
    find: (owner) => entries.get(owner),
    entry: (owner) => {
      const known = entries.get(owner);
      if (known !== undefined) return known;
      if (entries.size >= maxOwners) {
        for (const [longest] of idle) {
          if (!isFree(longest)) continue;
          release(longest);
          break;
        }
      }
      const made = newPermitEntry(owner);
      entries.set(owner, made);
      return made;
    },
    all: () => entries.values(),
    size: () => entries.size,
    begin: (entry) => {
      if (entry.running === 0) idle.delete(entry);
      entry.running += 1;
    },
    end: (entry) => {
      if (entry.running > 0) entry.running -= 1;
      rest(entry);
    },
    rest,
    sweep: () => {
      const nowMs = monotonicMs();
      for (const [entry, sinceMs] of idle) {
        if (nowMs - sinceMs < idleMs) return;
        if (isFree(entry)) release(entry);
      }
    },
    drop,
  };
}
