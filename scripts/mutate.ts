import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Mutation } from "./mutate/mutation.ts";
import { mutations } from "./mutate/mutations.ts";
import { runTests } from "./mutate/run-tests.ts";
import { makeScratchCopy, type ScratchCopy } from "./mutate/scratch-copy.ts";

const root = join(import.meta.dirname, "..");
const maxShownLines = 40;

const usage = `npm run mutate: makes the core wrong in one place at a time, and lists the mutants that no test notices

  npm run mutate                   all of scripts/mutate/mutations.ts, in some minutes
  npm run mutate -- --only <text>  those whose name or file contains this; may be repeated
  npm run mutate -- --list         what they are
`;

type Fate = "killed" | "survived" | "does not apply" | "tests are red";

async function tryMutation(copy: ScratchCopy, mutation: Mutation): Promise<Fate> {
  const takeBack = copy.apply(mutation);
  if (takeBack === null) return "does not apply";
  try {
    const { passed } = await runTests(copy.folder, mutation.tests);
    return passed ? "survived" : "killed";
  } finally {
    takeBack();
  }
}

/** The tests that fail, or are not there, before anything is changed: they would kill every mutant. */
async function findRed(copy: ScratchCopy, chosen: readonly Mutation[]): Promise<Set<string>> {
  const tests = [...new Set(chosen.flatMap((mutation) => mutation.tests))];
  console.log(`${tests.length} tests without any mutation first, then ${chosen.length} mutants`);
  const red = new Set<string>();
  for (const path of tests) {
    const { passed, output } = await runTests(copy.folder, [path]);
    if (passed) continue;
    red.add(path);
    console.log(`${path} fails without any mutation:\n${output.split("\n").slice(-maxShownLines).join("\n")}`);
  }
  return red;
}

async function tryAll(chosen: readonly Mutation[]): Promise<Map<Mutation, Fate>> {
  const copy = makeScratchCopy(root);
  try {
    const red = await findRed(copy, chosen);
    const fates = new Map<Mutation, Fate>();
    for (const mutation of chosen) {
      const startedMs = performance.now();
      const isProvable = !mutation.tests.some((path) => red.has(path));
      const fate = isProvable ? await tryMutation(copy, mutation) : "tests are red";
      fates.set(mutation, fate);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);
      console.log(`${fate.padEnd(14)} ${seconds} s  ${mutation.name}`);
    }
    return fates;
  } finally {
    copy.remove();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const { only } = values;
  const chosen = mutations.filter(
    ({ name, file }) => only.length === 0 || only.some((text) => name.includes(text) || file.includes(text)),
  );
  if (values.list) {
    for (const { name, file } of chosen) console.log(`${name}\n    ${file}`);
    return 0;
  }
  const fates = await tryAll(chosen);
  const wrong = [...fates].filter(([, fate]) => fate !== "killed");
  console.log(`\n${fates.size - wrong.length} of ${fates.size} mutants killed`);
  for (const [{ name, file, from }, fate] of wrong) console.log(`${fate}: ${name}\n    ${file}: ${from.trim()}`);
  return wrong.length === 0 && fates.size > 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
