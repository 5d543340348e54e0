import type { FailureKind } from "../domain/failure-table.ts";

export interface Rest {
  /** Why it rests. */
  readonly kind: FailureKind;
  readonly untilMs: number;
}

/** Which credentials rest, for one model or altogether. */
export interface CredentialRests {
  /** Null for the model: all of them. A shorter rest than the present one changes nothing. */
  add(credentialId: string, modelId: string | null, rest: Rest): void;
  find(credentialId: string, modelId: string): Rest | null;
}

/** Bounded: beyond `maxRests` the one that began first is forgotten, at the cost of one call that finds out again. */
export function createCredentialRests({
  maxRests,
  nowMs,
}: {
  readonly maxRests: number;
  readonly nowMs: () => number;
}): CredentialRests {
  const rests = new Map<string, Rest>();
  const keyOf = (credentialId: string, modelId: string | null): string => `${credentialId} ${modelId ?? ""}`;

  function current(key: string): Rest | null {
    const rest = rests.get(key);
    if (rest === undefined) return null;
    if (rest.untilMs > nowMs()) return rest;
    rests.delete(key);
    return null;
  }

  return {
    add(credentialId, modelId, rest) {
      const key = keyOf(credentialId, modelId);
      if ((current(key)?.untilMs ?? 0) >= rest.untilMs) return;
      rests.delete(key);
      if (rests.size >= maxRests) rests.delete(rests.keys().next().value!);
      rests.set(key, rest);
    },
    find(credentialId, modelId) {
      if (rests.size === 0) return null;
      return current(keyOf(credentialId, null)) ?? current(keyOf(credentialId, modelId));
    },
  };
}
