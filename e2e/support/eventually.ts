/** Asks until the answer satisfies, or throws with the last answer after the bound. Milliseconds. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  options: { timeoutMs: number; intervalMs?: number },
): Promise<T> {
  const endsAt = Date.now() + options.timeoutMs;
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T);
    if (!(answer instanceof Error) && satisfied(answer)) return answer;
    if (Date.now() > endsAt) {
      const last = answer instanceof Error ? answer.message : JSON.stringify(answer);
      throw new Error(`not within ${options.timeoutMs} ms: ${what}; last seen: ${last?.slice(0, 2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 50));
  }
}
