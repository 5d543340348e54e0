import { setTimeout as sleep } from "node:timers/promises";

export interface UntilOptions {
  /** 60,000 when absent: a busy machine makes a test slow, and must not make it fail. */
  readonly timeoutMs?: number;
  /** 50 when absent. */
  readonly intervalMs?: number;
}

/** A question that has no answer so long after the time is over has hung: the failure says which one it was. */
const hangsAfterMs = 30_000;

/** Resolves to what `ask` throws, or to an error when it takes longer than `mostMs`. */
async function answerOrError<T>(ask: () => Promise<T>, mostMs: number): Promise<T | Error> {
  const hung = new AbortController();
  const noAnswer = sleep(mostMs, new Error("no answer at all"), { signal: hung.signal });
  try {
    return await Promise.race([ask(), noAnswer]);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    hung.abort();
    await noAnswer.catch(() => undefined);
  }
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
    const answer = await answerOrError(ask, endsAt + hangsAfterMs - Date.now());
    if (!(answer instanceof Error) && satisfied(answer)) return answer;
    if (Date.now() > endsAt) {
      const last = answer instanceof Error ? answer.message : JSON.stringify(answer);
      throw new Error(`not within ${timeoutMs} ms: ${what}; last seen: ${last?.slice(0, 2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

export interface FirstSight {
  /** When the first answer was asked for that satisfied: not when it came, a busy machine takes its time for that. */
  readonly askedMs: number;
  /** What the slowest answer took: so much may the machine hold up whatever else is on its way meanwhile. */
  readonly slowestMs: number;
}

/** Asks again and again, 2 ms apart, until an answer satisfies. */
export async function firstSight<T>(ask: () => Promise<T>, satisfied: (answer: T) => boolean): Promise<FirstSight> {
  let slowestMs = 0;
  for (;;) {
    const askedMs = performance.now();
    const answer = await ask();
    slowestMs = Math.max(slowestMs, performance.now() - askedMs);
    if (satisfied(answer)) return { askedMs, slowestMs };
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
