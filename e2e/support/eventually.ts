import { setTimeout as sleep } from "node:timers/promises";

export interface UntilOptions {
  /** A minute when absent: a busy machine makes a test slow, and must not make it fail. */
  readonly timeoutMs?: number;
  /** 50 when absent. */
  readonly intervalMs?: number;
}

const standardTimeoutMs = 60_000;
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

interface LastAnswer<T> {
  readonly answer: T | Error;
  readonly isSatisfying: boolean;
}

async function askUntil<T>(
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  { timeoutMs = standardTimeoutMs, intervalMs = 50 }: UntilOptions,
): Promise<LastAnswer<T>> {
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    const answer = await answerOrError(ask, endsAt + hangsAfterMs - Date.now());
    const isSatisfying = !(answer instanceof Error) && satisfied(answer);
    if (isSatisfying || Date.now() > endsAt) return { answer, isSatisfying };
    await sleep(intervalMs);
  }
}

/** Asks again until the answer satisfies; after `timeoutMs` it throws, with the last answer. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  options: UntilOptions = {},
): Promise<T> {
  const { answer, isSatisfying } = await askUntil(ask, satisfied, options);
  if (isSatisfying && !(answer instanceof Error)) return answer;
  const last = answer instanceof Error ? answer.message : JSON.stringify(answer);
  const { timeoutMs = standardTimeoutMs } = options;
  throw new Error(`not within ${timeoutMs} ms: ${what}; last seen: ${last?.slice(0, 2000)}`);
}

/** As `until`, for findings: the last ones are returned, whether they satisfy or not. Throws when the last question had no answer. */
export async function lastFindings<T>(
  what: string,
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  options: UntilOptions = {},
): Promise<T> {
  const { answer } = await askUntil(ask, satisfied, options);
  if (answer instanceof Error) throw new Error(`${what} is not known`, { cause: answer });
  return answer;
}

export interface FirstSight {
  /** When the first answer was asked for that satisfied: not when it came, a busy machine takes its time for that. */
  readonly askedMs: number;
  /** What the slowest answer took: so much may the machine hold up whatever else is on its way meanwhile. */
  readonly slowestMs: number;
}

const neverAfterMs = 30_000;

/** Asks again and again, 2 ms apart, until an answer satisfies; throws when none does within half a minute. */
export async function firstSight<T>(ask: () => Promise<T>, satisfied: (answer: T) => boolean): Promise<FirstSight> {
  const endsAtMs = performance.now() + neverAfterMs;
  let slowestMs = 0;
  while (performance.now() < endsAtMs) {
    const askedMs = performance.now();
    const answer = await ask();
    slowestMs = Math.max(slowestMs, performance.now() - askedMs);
    if (satisfied(answer)) return { askedMs, slowestMs };
    await sleep(2);
  }
  throw new Error(`never seen within ${neverAfterMs} ms`);
}
