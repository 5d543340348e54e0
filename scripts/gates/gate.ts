/** A named check of the whole repository. A gate never changes a file. */
export interface Gate {
  readonly name: string;
  /** What holds when it passes, in a few words. */
  readonly guarantee: string;
  /** What to do when it fails. */
  readonly advice: string;
  /** Finds what is wrong; an empty list passes. `note` takes what a passing gate could not look at. */
  readonly check: (note: (text: string) => void) => Promise<readonly string[]>;
}

export interface GateResult {
  readonly gate: Gate;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  readonly durationMs: number;
}

async function runGate(gate: Gate): Promise<GateResult> {
  const startedMs = performance.now();
  const notes: string[] = [];
  const check = gate.check((text) => notes.push(text));
  const problems = await check.catch((error: unknown) => [`the gate itself failed: ${String(error)}`]);
  return { gate, problems, notes, durationMs: performance.now() - startedMs };
}

/** Runs gates in the given order, `concurrency` at a time; `report` is called as each one ends. */
export async function runGates(
  gates: readonly Gate[],
  concurrency: number,
  report: (result: GateResult) => void,
): Promise<GateResult[]> {
  const waiting = [...gates];
  const results: GateResult[] = [];
  const worker = async (): Promise<void> => {
    for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) {
      const result = await runGate(gate);
      results.push(result);
      report(result);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
