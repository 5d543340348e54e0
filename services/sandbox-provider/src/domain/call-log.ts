export interface CallEntry {
  readonly id: string;
  /** The caller's `x-request-id`, if it sent one. */
  readonly requestId: string | null;
  readonly model: string;
  readonly streamed: boolean;
  status: number;
  /** The whole answer was handed to the socket. */
  completed: boolean;
  /** The caller closed the connection before the end. */
  aborted: boolean;
  readonly promptTokens: number;
  /** Tokens of the whole answer. */
  readonly completionTokens: number;
  /** Tokens really handed to the socket. */
  sentTokens: number;
}

export interface CallTotals {
  readonly calls: number;
  readonly completed: number;
  readonly aborted: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface CallLog {
  add(entry: CallEntry): void;
  entries(): readonly CallEntry[];
  /** Sums over the kept entries. Tokens are those of completed calls. */
  totals(): CallTotals;
  clear(): void;
}

/** The provider's own count, for reconciliation; the oldest entries go first. */
export function createCallLog(maxEntries: number): CallLog {
  let ring: CallEntry[] = [];
  let oldest = 0;
  return {
    add(entry) {
      if (ring.length < maxEntries) ring.push(entry);
      else {
        ring[oldest] = entry;
        oldest = (oldest + 1) % maxEntries;
      }
    },
    entries: () => [...ring.slice(oldest), ...ring.slice(0, oldest)],
    totals() {
      const completed = ring.filter((entry) => entry.completed);
      return {
        calls: ring.length,
        completed: completed.length,
        aborted: ring.filter((entry) => entry.aborted).length,
        promptTokens: completed.reduce((sum, entry) => sum + entry.promptTokens, 0),
        completionTokens: completed.reduce((sum, entry) => sum + entry.completionTokens, 0),
      };
    },
    clear() {
      ring = [];
      oldest = 0;
    },
  };
}
