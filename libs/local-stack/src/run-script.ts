import { execFile } from "node:child_process";
import { runtimeEnvironment } from "./child-environment.ts";

const timeoutMs = 60_000;
const outputMaxBytes = 4 * 1024 * 1024;

/** Runs one of our compiled scripts to its end and returns what it printed. Rejects with what it said on failure. */
export function runScript(script: {
  readonly name: string;
  readonly entry: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<string> {
  const options = {
    cwd: script.cwd,
    env: { ...runtimeEnvironment(process.env), ...script.env },
    timeout: timeoutMs,
    maxBuffer: outputMaxBytes,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script.entry, ...(script.args ?? [])], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${script.name} failed: ${stderr.trim() || stdout.trim() || error.message}`));
    });
  });
}
