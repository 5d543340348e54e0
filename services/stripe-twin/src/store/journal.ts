import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyChange, type Change, emptyState, type State } from "../domain/state.ts";

export interface Journal {
  readonly state: State;
  /** On the disk when it returns: what was answered survives a kill. */
  append(changes: readonly Change[]): void;
  /** Forgets everything. */
  clear(): void;
}

const fileName = "stripe-twin.jsonl";

const changesOf = (state: State): Change[] =>
  Object.entries(state).flatMap(([kind, map]) =>
    [...(map as Map<string, unknown>)].map(([id, value]) => ({ kind: kind as Change["kind"], id, value })),
  );

/** One transaction per line. A last line that was cut short by a kill is left out: nobody was told of it. */
function replay(text: string, state: State): void {
  const lines = text.split("\n");
  const complete = lines.slice(0, -1);
  for (const line of complete) for (const change of JSON.parse(line) as Change[]) applyChange(state, change);
}

/** The state, kept in a file of the folder; without a folder in memory alone. */
export function openJournal(folder: string | null, newSeed: () => string): Journal {
  const state = emptyState(newSeed());
  if (folder === null) return { state, append: () => undefined, clear: () => reset(state, newSeed()) };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, fileName);
  if (existsSync(file)) replay(readFileSync(file, "utf8"), state);
  const rewrite = (): void => {
    writeFileSync(`${file}.new`, `${JSON.stringify(changesOf(state))}\n`);
    renameSync(`${file}.new`, file);
  };
  rewrite();
  return {
    state,
    append: (changes) => appendFileSync(file, `${JSON.stringify(changes)}\n`),
    clear: () => {
      reset(state, newSeed());
      rewrite();
    },
  };
}

function reset(state: State, seed: string): void {
  for (const map of Object.values(state)) map.clear();
  for (const change of changesOf(emptyState(seed))) applyChange(state, change);
}
