import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { allGates } from "./gates/catalog.ts";
import { type Gate, type GateResult, runGates } from "./gates/gate.ts";
import { runSuites, type SuiteCount, type SuiteTime } from "./gates/run-suites.ts";

const root = join(import.meta.dirname, "..");
const gatesAtOnce = 2;
const maxShownLines = 120;

const usage = `npm test: every gate, then every test, against real Postgres and NATS

  npm test                          everything
  npm test -- --only <name|path>    one gate by its name, or the tests whose path contains this; may be repeated
  npm test -- --gates               the gates alone
  npm test -- --list                what the gates are
  npm test -- --help                this text
`;

function reportGate({ gate, problems, notes, durationMs }: GateResult): void {
  const seconds = (durationMs / 1000).toFixed(1).padStart(5);
  console.log(`${problems.length === 0 ? "pass" : "FAIL"}  ${seconds} s  ${gate.name.padEnd(13)} ${gate.guarantee}`);
  for (const note of notes) console.log(`        ${note}`);
  if (problems.length === 0) return;
  const lines = problems.join("\n").split("\n");
  for (const line of lines.slice(0, maxShownLines)) console.log(`        ${line}`);
  if (lines.length > maxShownLines) console.log(`        … and ${lines.length - maxShownLines} lines more`);
  console.log(`        what to do: ${gate.advice}\n`);
}

const shownSlowest = 10;

/** Where the time went: what to look at before a run grows too long. Suites run beside one another. */
function reportTime(gates: readonly GateResult[], suites: readonly SuiteTime[]): void {
  const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(0).padStart(5)} s`;
  const sum = (all: readonly { readonly durationMs: number }[]): number =>
    all.reduce((total, one) => total + one.durationMs, 0);
  const slowest = suites.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, shownSlowest);
  console.log(`\nwhere the time went, ${inSeconds(performance.now()).trim()} in all:`);
  console.log(`${inSeconds(sum(gates))}  ${gates.length} gates`);
  if (suites.length > 0) console.log(`${inSeconds(sum(suites))}  ${suites.length} suites, of these the slowest:`);
  for (const { path, durationMs } of slowest) console.log(`  ${inSeconds(durationMs)}  ${relative(root, path)}`);
}

/** What no test of this run could ask, and what it would need. */
function reportNotAsked(): void {
  if (process.env["STRIPE_TEST_SECRET_KEY"] !== undefined) return;
  console.log(
    "not asked: Stripe itself. With STRIPE_TEST_SECRET_KEY=sk_test_… proofs/test/billing-selling runs against its test account too\n",
  );
}

interface Selection {
  readonly gates: readonly Gate[];
  /** Null for no tests at all, empty for every test. */
  readonly suitePaths: readonly string[] | null;
}

function select(gates: readonly Gate[], only: readonly string[], gatesAlone: boolean): Selection {
  if (only.length === 0) return { gates, suitePaths: gatesAlone ? null : [] };
  const suitePaths = only.filter((name) => !gates.some((gate) => gate.name === name));
  return {
    gates: gates.filter((gate) => only.includes(gate.name)),
    suitePaths: suitePaths.length === 0 ? null : suitePaths,
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      gates: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const gates = allGates(root);
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.list) {
    for (const gate of gates) console.log(`${gate.name.padEnd(13)} ${gate.guarantee}`);
    return 0;
  }
  const selection = select(gates, values.only, values.gates);
  const results = await runGates(selection.gates, gatesAtOnce, reportGate);
  const failedGates = results.filter((result) => result.problems.length > 0);
  const noTests: SuiteCount = { passed: 0, failed: 0, suites: [] };
  const tests = selection.suitePaths === null ? noTests : await runSuites(root, selection.suitePaths);
  const noneRan = selection.suitePaths !== null && tests.passed + tests.failed === 0;
  if (noneRan) console.log("no test ran: that is a failure");
  if (failedGates.length > 0)
    console.log(`\nfailed gates: ${failedGates.map((result) => result.gate.name).join(", ")}`);
  reportTime(results, tests.suites);
  if (selection.suitePaths !== null) reportNotAsked();
  const failed = failedGates.length + tests.failed + (noneRan ? 1 : 0);
  console.log(`${results.length - failedGates.length + tests.passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
