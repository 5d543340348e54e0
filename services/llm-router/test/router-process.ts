import { type ChildProcess, spawn } from "node:child_process";
import { childEnv } from "@topdog/testing/child-env";
import { eventually } from "@topdog/testing/eventually";
import { send } from "./router-rig.ts";

export interface RouterProcess {
  kill9(): Promise<void>;
}

/** A router as a process of its own: it can be killed. `entry` is a TypeScript file; `env` names its HTTP_PORT. */
export async function startRouterProcess(entry: string, env: Record<string, string>): Promise<RouterProcess> {
  const options = ["--conditions=@topdog/source", "--disable-warning=ExperimentalWarning"];
  const child: ChildProcess = spawn(process.execPath, [...options, entry], {
    env: { ...childEnv(), ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${env["HTTP_PORT"]}/livez`;
  await eventually(() => send(url, { method: "GET" }), { timeoutMs: 60_000, intervalMs: 50 });
  return {
    async kill9() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
