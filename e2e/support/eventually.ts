export interface UntilOptions {
  /** 60,000 when absent: a busy machine makes a test slow, and must not make it fail. */
  readonly timeoutMs?: number;
  /** 50 when absent. */
  readonly intervalMs?: number;
}

/** Asks again until the answer satisfies; after `timeoutMs` it throws, with the last answer. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  { timeoutMs = 60_000, intervalMs = 50 }: UntilOptions = {},
): Promise<T> {
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T);
    if (!(answer instanceof Error) && satisfied(answer)) return answer;
    if (Date.now() > endsAt) {
      const last = answer instanceof Error ? answer.message : JSON.stringify(answer);
      throw new Error(`not within ${timeoutMs} ms: ${what}; last seen: ${last?.slice(0, 2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
