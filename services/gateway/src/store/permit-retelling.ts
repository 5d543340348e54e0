import type { PermitBook } from "./permit-book.ts";
import type { PermitEntry } from "./permit-entry.ts";
import type { PermitMessages } from "./permit-messages.ts";
import type { PermitTrust } from "./permit-trust.ts";

/** A restored quota may have forgotten which calls are under way: it is told of them until it has answered. */
export interface PermitRetelling {
  /** Quota answered, from this history. */
  heard(history: string | undefined): void;
  /** Quota answered about this owner. */
  answered(entry: PermitEntry): void;
  /** Asks again about whom it did not answer. */
  goOn(): void;
}

export interface PermitRetellingDeps {
  readonly book: Pick<PermitBook, "all" | "find">;
  readonly trust: Pick<PermitTrust, "isOurs" | "noteForgotten">;
  readonly messages: Pick<PermitMessages, "ask">;
}

export function createPermitRetelling({ book, trust, messages }: PermitRetellingDeps): PermitRetelling {
  const untold = new Set<PermitEntry>();
  let known: string | undefined;

  function goOn(): void {
    for (const entry of untold) {
      if (book.find(entry.owner) === entry) messages.ask(entry);
      else untold.delete(entry);
    }
  }

  return {
    heard: (history = known) => {
      const isOther = known !== undefined && history !== known;
      known = history;
      if (!isOther) return;
      trust.noteForgotten();
      for (const entry of book.all()) if (entry.running > 0) untold.add(entry);
      goOn();
    },
    answered: (entry) => {
      if (!untold.has(entry)) return;
      if (trust.isOurs(entry)) untold.delete(entry);
      else messages.ask(entry);
    },
    goOn,
  };
}
