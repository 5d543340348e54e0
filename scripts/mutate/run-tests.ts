import { spawn } from "node:child_process";
import { join } from "node:path";
import { nodeEnvironment } from "../gates/run-tool.ts";

const timeoutMs = 300_000;

export interface TestRun {
  readonly passed: boolean;
  readonly output: string;
}

/** Runs the tests whose paths contain one of these, until the first failure. No test at all is not a pass. */
export function runTests(folder: string, paths: readonly string[]): Promise<TestRun> {
  const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
  const jest = join(folder, "node_modules/jest/bin/jest.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, jest, "--bail", "--silent", "--forceExit", ...paths], {
      cwd: folder,
      env: nodeEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.once("error", reject);
    child.once("close", (code) => resolve({ passed: code === 0, output }));
  });
}
