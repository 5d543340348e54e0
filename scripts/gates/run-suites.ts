import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeEnvironment } from "./run-tool.ts";

export interface SuiteCount {
  readonly passed: number;
  readonly failed: number;
}

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Suites that could not even be loaded: their tests were never counted. */
  readonly numRuntimeErrorTestSuites: number;
}

const literally = (path: string): string => path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Runs Jest with its progress on this terminal. A suite that did not load or a test that was skipped is a failure. */
async function runJest(root: string, args: readonly string[]): Promise<SuiteCount> {
  const folder = mkdtempSync(join(tmpdir(), "topdog-test-"));
  const outputFile = join(folder, "report.json");
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      const jest = join(root, "node_modules/jest/bin/jest.js");
      const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
      const child = spawn(
        process.execPath,
        [...flags, jest, "--json", `--outputFile=${outputFile}`, "--passWithNoTests", ...args],
        // With --json, Jest's own JSON goes to stdout too; its progress is on stderr.
        { cwd: root, env: nodeEnvironment(), stdio: ["ignore", "ignore", "inherit"] },
      );
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? 1));
    });
    return countTests(outputFile, exitCode);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function countTests(outputFile: string, exitCode: number): SuiteCount {
  let report: JestReport;
  try {
    report = JSON.parse(readFileSync(outputFile, "utf8")) as JestReport;
  } catch {
    return { passed: 0, failed: 1 };
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) console.log(`${skipped} tests were skipped: that is a failure`);
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites + skipped;
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

/**
 * Everything but e2e two suites at a time, then e2e one by one, since each of its suites starts a whole platform.
 * `paths` narrows both to the suites whose path contains one of them.
 */
export async function runSuites(root: string, paths: readonly string[]): Promise<SuiteCount> {
  const base = literally(`${root}/`);
  const wholePlatform = `^${base}e2e/`;
  const apart = `^${base}(libs|services|scripts|bench)/`;
  const narrowed = (folder: string): string[] =>
    paths.length === 0 ? [folder] : [`(?=${folder})(?:${paths.map((path) => `.*${literally(path)}`).join("|")})`];
  const first = await runJest(root, narrowed(apart));
  const second = await runJest(root, ["--runInBand", ...narrowed(wholePlatform)]);
  return { passed: first.passed + second.passed, failed: first.failed + second.failed };
}
