/** Whose call made an answer: it is erased with them. */
export interface Maker {
  readonly orgId: string | null;
  readonly userId: string;
}

/** Whose answers are erased: all of an org, of a user, or of a user in an org. One of the two is there. */
export type Erased =
  | { readonly orgId: string; readonly userId: string | null }
  | { readonly orgId: null; readonly userId: string };

/** What is kept for a caller, and under which name. */
export interface KeptPlace {
  readonly purpose: "idempotency" | "cache" | "response";
  /** Nobody else finds it. */
  readonly owner: string;
  readonly name: string;
}

export type Claimed =
  /** Whoever asked makes the answer. */
  | { readonly kind: "claimed"; readonly claim: string }
  | { readonly kind: "kept"; readonly content: Buffer }
  /** Another call makes it. */
  | { readonly kind: "running" }
  /** It was made, and was too large to be kept. */
  | { readonly kind: "too_large" }
  /** The name stands for another request. */
  | { readonly kind: "other_request" };

/** Answers that outlive their calls, for all routers. Everything rejects when the database is away. */
export interface KeptAnswers {
  /** Of all who ask at once for one place, exactly one gets the claim; it is free again after `withinMs`. */
  claim(at: KeptPlace, by: Maker, fingerprint: string, withinMs: number): Promise<Claimed>;
  /** Ends a claim with its answer; null: one too large to be kept. Nothing is kept of a maker who was erased meanwhile. */
  keep(at: KeptPlace, claim: string, content: Buffer | null, ttlMs: number): Promise<void>;
  /** Ends a claim without an answer: the next may try. */
  giveUp(at: KeptPlace, claim: string): Promise<void>;
  /** `sinceMs`: for how long the call has been running. Nothing is kept of a maker who was erased in that time. */
  put(
    at: KeptPlace,
    by: Maker,
    content: Buffer,
    times: { readonly ttlMs: number; readonly sinceMs: number },
  ): Promise<void>;
  find(at: KeptPlace): Promise<{ readonly content: Buffer; readonly ageSeconds: number } | null>;
  /** False when it was not there. */
  remove(at: KeptPlace): Promise<boolean>;
  forgetLapsed(signal: AbortSignal): Promise<void>;
  /** Deletes at once what these made; returns how many. Calls that began before it keep nothing. */
  erase(whose: Erased): Promise<number>;
}
