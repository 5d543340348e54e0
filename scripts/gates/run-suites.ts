import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryFolder } from "./memory-folder.ts";
import { nodeEnvironment } from "./run-tool.ts";

export interface SuiteTime {
  /** Absolute. */
  readonly path: string;
  readonly durationMs: number;
}

export interface SuiteCount {
  readonly passed: number;
  readonly failed: number;
  readonly suites: readonly SuiteTime[];
}

interface JestCounts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Suites that could not even be loaded: their tests were never counted. */
  readonly numRuntimeErrorTestSuites: number;
  readonly suites: readonly SuiteTime[];
}

const runTimeoutMs = 1_200_000;
/** After the last test, for the teardown. */
const exitGraceMs = 60_000;
const countReporter = join(import.meta.dirname, "count-reporter.mjs");
const suiteFolders = ["libs", "services", "proofs", "monitoring", "scripts", "bench", "e2e"];
const literally = (path: string): string => path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Runs Jest with its progress on this terminal. A suite that did not load or a test that was skipped is a failure. */
async function runJest(root: string, args: readonly string[]): Promise<SuiteCount> {
  const folder = mkdtempSync(join(process.env["TMPDIR"] ?? memoryFolder() ?? tmpdir(), "topdog-test-"));
  // Postgres, run unprivileged, has to get through it.
  chmodSync(folder, 0o711);
  const outputFile = join(folder, "counts.json");
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      const jest = join(root, "node_modules/jest/bin/jest.js");
      const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
      const child = spawn(
        process.execPath,
        [...flags, jest, "--reporters=default", `--reporters=${countReporter}`, "--passWithNoTests", ...args],
        {
          cwd: root,
          env: { ...nodeEnvironment(), TMPDIR: folder, TOPDOG_TEST_COUNTS: outputFile },
          stdio: ["ignore", "inherit", "inherit"],
        },
      );
      const watch = killWhenStuck(child, outputFile);
      child.once("error", reject);
      child.once("close", (code) => {
        clearInterval(watch);
        resolve(code ?? 1);
      });
    });
    return countTests(outputFile, exitCode);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A suite that leaves a server open keeps Jest alive for ever: it is ended, and that is a failure. */
function killWhenStuck(child: ChildProcess, countsFile: string): NodeJS.Timeout {
  const startedMs = Date.now();
  let countedMs = Number.POSITIVE_INFINITY;
  return setInterval(() => {
    const nowMs = Date.now();
    if (existsSync(countsFile)) countedMs = Math.min(countedMs, nowMs);
    const isStuck = nowMs - countedMs > exitGraceMs || nowMs - startedMs > runTimeoutMs;
    if (!isStuck) return;
    console.log("Jest does not end: something was left running. It is killed.");
    child.kill("SIGKILL");
  }, 1_000);
}

function countTests(outputFile: string, exitCode: number): SuiteCount {
  let report: JestCounts;
  try {
    report = JSON.parse(readFileSync(outputFile, "utf8")) as JestCounts;
  } catch {
    // Not written: no suite matched, or Jest itself broke down.
    return { passed: 0, failed: exitCode === 0 ? 0 : 1, suites: [] };
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) console.log(`${skipped} tests were skipped: that is a failure`);
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites + skipped;
  // Tests that pass and leave something behind fail in the global teardown.
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed, suites: report.suites };
}

/**
 * Everything but e2e, then e2e. Suites wait for engines and processes half of their time, so twice as many run as there are cores on
 * the machine that this is made for; of e2e one less, since each of its suites starts a whole platform.
 * `paths` narrows both to the suites whose path contains one of them.
 */
export async function runSuites(root: string, paths: readonly string[]): Promise<SuiteCount> {
  const runs = [
    { folders: ["libs", "services", "proofs", "monitoring", "scripts", "bench"], flags: ["--maxWorkers=4"] },
    { folders: ["e2e"], flags: ["--maxWorkers=3"] },
  ];
  const total = { passed: 0, failed: 0, suites: [] as SuiteTime[] };
  for (const { folders, flags } of runs) {
    if (!mayHold(folders, paths)) continue;
    const { passed, failed, suites } = await runJest(root, [...flags, patternOf(root, folders, paths)]);
    total.passed += passed;
    total.failed += failed;
    total.suites.push(...suites);
  }
  return total;
}

/** False only when every path begins with another folder. */
function mayHold(folders: readonly string[], paths: readonly string[]): boolean {
  const others = suiteFolders.filter((folder) => !folders.includes(folder));
  return paths.length === 0 || !paths.every((path) => others.some((folder) => path.startsWith(folder)));
}

function patternOf(root: string, folders: readonly string[], paths: readonly string[]): string {
  const within = `^${literally(root)}/(?:${folders.join("|")})/`;
  return paths.length === 0 ? within : `(?=${within})(?:${paths.map((path) => `.*${literally(path)}`).join("|")})`;
}
