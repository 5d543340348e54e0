import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const toolTimeoutMs = 300_000;
const maxOutputBytes = 2_000_000;

/** This very Node first on PATH, so that what a tool starts runs on it too. */
export function nodeEnvironment(): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
  return { ...process.env, PATH: path, FORCE_COLOR: "0", NO_COLOR: "1" };
}

/** The JavaScript file behind a package's command. */
export function commandFile(root: string, packageName: string, command = packageName): string {
  const directory = join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const file = typeof bin === "string" ? bin : bin[command];
  if (file === undefined) throw new Error(`${packageName} has no command ${command}`);
  return join(directory, file);
}

export interface ToolRun {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs a file with this Node and collects what it prints. */
export const runNode = (args: readonly string[], cwd: string): Promise<ToolRun> => run(process.execPath, args, cwd);

/** Runs a command and collects what it prints (stdout and stderr in one text). */
export function run(command: string, args: readonly string[], cwd: string): Promise<ToolRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: nodeEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
      timeout: toolTimeoutMs,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const keep = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxOutputBytes) chunks.push(chunk);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, output: Buffer.concat(chunks).toString("utf8").trim() }));
  });
}

/** A check that passes when every command exits 0, stopping at the first that does not. */
export function toolCheck(cwd: string, ...commands: readonly (readonly string[])[]): () => Promise<readonly string[]> {
  return async () => {
    for (const command of commands) {
      const { exitCode, output } = await runNode(command, cwd);
      if (exitCode !== 0) return [output === "" ? `exited with ${exitCode}` : output];
    }
    return [];
  };
}
