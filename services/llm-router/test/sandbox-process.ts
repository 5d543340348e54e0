import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { childEnv } from "@topdog/testing/child-env";
import { eventually } from "@topdog/testing/eventually";
import { freePort } from "@topdog/local-stack/free-port";
import { send } from "./router-rig.ts";

export interface LogEntry {
  readonly requestId: string;
  readonly completed: boolean;
  readonly aborted: boolean;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly sentTokens: number;
}

export interface SandboxProcess {
  readonly url: string;
  setFaults(faults: object | null): Promise<void>;
  log(): Promise<readonly LogEntry[]>;
  kill9(): Promise<void>;
}

/** A process takes a second to start; beside everything else that a busy machine does, it took 16. */
const startTimeoutMs = 60_000;

/** The real sandbox provider, as a process of its own. */
export async function startSandbox(env: Record<string, string> = {}): Promise<SandboxProcess> {
  const port = await freePort("127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  const main = join(import.meta.dirname, "../../sandbox-provider/src/main.ts");
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=@topdog/source", "--disable-warning=ExperimentalWarning", main],
    {
      env: {
        ...childEnv(),
        HTTP_PORT: String(port),
        OPS_PORT: "0",
        LOG_LEVEL: "silent",
        TTFT_MS: "5",
        TOKEN_INTERVAL_MS: "2",
        ...env,
      },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await eventually(() => send(`${url}/livez`, { method: "GET" }), { timeoutMs: startTimeoutMs, intervalMs: 50 });
  return {
    url,
    async setFaults(faults) {
      const body = faults === null ? {} : { body: JSON.stringify(faults) };
      const method = faults === null ? "DELETE" : "PUT";
      const { status, text } = await send(`${url}/_faults`, {
        method,
        ...body,
        headers: { "content-type": "application/json" },
      });
      if (status >= 300) throw new Error(text);
    },
    async log() {
      const { text } = await send(`${url}/_log`, { method: "GET" });
      return (JSON.parse(text) as { entries: LogEntry[] }).entries;
    },
    async kill9() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
