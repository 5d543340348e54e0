import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { tellScale } from "./scale.ts";
import type { Searched } from "./search.ts";
import { stageInMemory } from "./stage.ts";

const usage = `npm run simulate: random histories of gateways and quota, by the million if you like

  npm run simulate                          100,000 histories from a seed that it prints
  npm run simulate -- --histories 2000000   so many
  npm run simulate -- --seed 4711           from this seed on: the same histories every time
  npm run simulate -- --workers 2           so many at once; a core each by default
  npm run simulate -- --scale               what calls cost a fleet of 1,000 gateways in messages, rows and lock waits
`;

/** What a worker is asked for. */
export interface Share {
  readonly firstSeed: number;
  readonly histories: number;
}

const perShare = 2_000;
const progressMs = 10_000;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Run {
  nextSeed: number;
  readonly endSeed: number;
  played: number;
  readonly ends: Map<string, number>;
  failure: string | null;
}

function nextShare(run: Run): Share | null {
  const histories = Math.min(perShare, run.endSeed - run.nextSeed);
  if (histories <= 0 || run.failure !== null) return null;
  const firstSeed = run.nextSeed;
  run.nextSeed += histories;
  return { firstSeed, histories };
}

/** One process plays share after share until none is left or one of them fails. */
function work(run: Run): Promise<void> {
  const worker = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), { serialization: "advanced" });
  return new Promise((resolve, reject) => {
    const giveShare = (): void => {
      const share = nextShare(run);
      if (share === null) worker.disconnect();
      else worker.send(share);
    };
    worker.on("message", ({ histories, ends, failure }: Searched) => {
      run.played += histories;
      for (const [end, count] of ends) run.ends.set(end, (run.ends.get(end) ?? 0) + count);
      run.failure ??= failure;
      giveShare();
    });
    worker.once("error", reject);
    worker.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
    giveShare();
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      histories: { type: "string", default: "100000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
      workers: { type: "string", default: String(availableParallelism()) },
      scale: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    print(usage);
    return 0;
  }
  if (values.scale) {
    await tellScale(stageInMemory(), print);
    return 0;
  }
  const [histories, seed, workers] = [Number(values.histories), Number(values.seed), Number(values.workers)];
  if (![histories, seed, workers].every(Number.isSafeInteger) || histories < 1 || workers < 1) throw new Error(usage);
  print(`${histories} histories from seed ${seed}, ${workers} at once`);
  const startedMs = performance.now();
  const run: Run = { nextSeed: seed, endSeed: seed + histories, played: 0, ends: new Map(), failure: null };
  const progress = setInterval(() => print(`${run.played} histories played`), progressMs);
  try {
    await Promise.all(Array.from({ length: workers }, () => work(run)));
  } finally {
    clearInterval(progress);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  print(`${run.played} histories in ${seconds.toFixed(1)} s: ${JSON.stringify(Object.fromEntries(run.ends))}`);
  if (run.failure === null) return 0;
  print(run.failure);
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
