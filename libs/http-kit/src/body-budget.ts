/** How many bytes of request bodies the whole process may hold in memory. Bytes that were taken must be given back. */
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

/**
 * The most that one party may take of a budget, so that the rest is left to others. A class, so that its methods are not made
 * anew for nearly every call.
 */
export class BudgetShare implements BodyBudget {
  readonly #whole: BodyBudget;
  readonly #maxBytes: number;
  #heldBytes = 0;

  constructor(whole: BodyBudget, maxBytes: number) {
    this.#whole = whole;
    this.#maxBytes = maxBytes;
  }

  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#maxBytes || !this.#whole.take(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#whole.give(bytes);
  }

  freeBytes(): number {
    return Math.min(this.#maxBytes - this.#heldBytes, this.#whole.freeBytes());
  }

  heldBytes(): number {
    return this.#heldBytes;
  }
}
