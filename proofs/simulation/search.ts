import { type History, historyOf } from "./history.ts";
import { play, type Played } from "./play.ts";
import { describeHistory, shrink } from "./shrink.ts";
import type { Stage } from "./world.ts";

export interface Searched {
  readonly histories: number;
  /** How calls ended, counted over all histories. */
  readonly ends: ReadonlyMap<string, number>;
  /** The first failure with its shortest history, for a person to read; null when every guarantee held. */
  readonly failure: string | null;
}

export interface SearchOptions {
  readonly firstSeed: number;
  readonly histories: number;
}

/** Plays the histories of these seeds until one breaks a guarantee, and then looks for the shortest that does. */
export async function search(stage: Stage, { firstSeed, histories }: SearchOptions): Promise<Searched> {
  const ends = new Map<string, number>();
  for (let played = 0; played < histories; played += 1) {
    const history = historyOf(firstSeed + played);
    const result = await play(stage, history);
    for (const [end, count] of result.ends) ends.set(end, (ends.get(end) ?? 0) + count);
    if (result.failure !== null)
      return { histories: played + 1, ends, failure: await explain(stage, history, result.failure) };
  }
  return { histories, ends, failure: null };
}

async function explain(stage: Stage, history: History, failure: string): Promise<string> {
  const fails = async (smaller: History): Promise<Played["failure"]> => (await play(stage, smaller)).failure;
  const shortest = await shrink({ history, failure }, fails);
  const steps = `${history.steps.length} steps, of which ${shortest.history.steps.length} are enough`;
  return `${failure}\n${steps}:\n${shortest.failure}\n${describeHistory(shortest.history)}`;
}
