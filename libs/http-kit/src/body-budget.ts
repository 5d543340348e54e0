/** How many bytes of request bodies the whole process may hold in memory. Whoever took bytes gives the same number back. */
export interface BodyBudget {
  /** False, with nothing taken, when the budget does not allow it. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  freeBytes(): number;
  heldBytes(): number;
}

export function createBodyBudget(maxBytes: number): BodyBudget {
  let heldBytes = 0;
  return {
    take: (bytes) => {
      if (heldBytes + bytes > maxBytes) return false;
      heldBytes += bytes;
      return true;
    },
    give: (bytes) => {
      heldBytes -= bytes;
    },
    freeBytes: () => maxBytes - heldBytes,
    heldBytes: () => heldBytes,
  };
}

/** A part of a budget that one party may take at most, so that it leaves the rest to others. */
export function createBudgetShare(whole: BodyBudget, maxBytes: number): BodyBudget {
  const own = createBodyBudget(maxBytes);
  return {
    take: (bytes) => {
      if (!own.take(bytes)) return false;
      if (whole.take(bytes)) return true;
      own.give(bytes);
      return false;
    },
    give: (bytes) => {
      own.give(bytes);
      whole.give(bytes);
    },
    freeBytes: () => Math.min(own.freeBytes(), whole.freeBytes()),
    heldBytes: () => own.heldBytes(),
  };
}
