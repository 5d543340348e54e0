import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { childEnv } from "@topdog/testing/child-env";

type LogLine = Record<string, unknown>;

export interface FixtureProcess {
  readonly child: ChildProcess;
  readonly lines: LogLine[];
  /** Resolves with the first log line of this message; rejects when the process ends without it. */
  line(msg: string): Promise<LogLine>;
  exited(): Promise<number | null>;
}

/** Starts a file of test/fixtures as a process and reads its JSON log lines. */
export function startFixture(
  file: URL,
  options: { nodeArgs?: string[]; env?: Record<string, string> } = {},
): FixtureProcess {
  const args = ["--conditions=@topdog/source", ...(options.nodeArgs ?? []), fileURLToPath(file)];
  const env = { ...childEnv(), ...options.env };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((check) => check());
  createInterface({ input: child.stdout }).on("line", (text) => {
    lines.push(JSON.parse(text) as LogLine);
    wake();
  });
  const closed = once(child, "close").then(wake);
  return {
    child,
    lines,
    line: (msg) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = lines.find((line) => line["msg"] === msg);
          if (found !== undefined) resolve(found);
          else if (child.exitCode !== null) reject(new Error(`the process ended without saying ${msg}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
    exited: async () => {
      await closed;
      return child.exitCode;
    },
  };
}
