import { type ChildProcess, execFile, execFileSync, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { network, nodeName, type Places, toolEnvironment } from "../places.ts";
import { writeClusterFiles } from "./files.ts";

const run = promisify(execFile);
const readyTimeoutMs = 120_000;
const commandTimeoutMs = 120_000;
const outputMaxBytes = 32 * 1024 * 1024;

/** Go's programs here (Kubernetes, Helm, Prometheus) spend a fifth of their time on collecting garbage; memory is what there is enough of. */
const lessCollection = { GOGC: "400" };

export interface Cluster {
  readonly places: Places;
  /** Runs a program inside the cluster's namespaces and returns what it prints. */
  exec(command: string, args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<string>;
  /** Starts one that goes on; it ends with the cluster. */
  start(name: string, command: string, args: readonly string[], options?: StartOptions): ChildProcess;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Its output is read by us and does not go into its log. */
  readonly pipe?: boolean;
}

/** Brings up the node in its own namespaces. Nothing outlives this process: the kernel ends all of it with the first one. */
export async function startCluster(places: Places): Promise<Cluster> {
  mkdirSync(places.logs, { recursive: true });
  const env = { ...toolEnvironment(places), ...lessCollection };
  const here = import.meta.dirname;
  execFileSync("bash", [join(here, "pki.sh"), places.pki, network.node, network.apiService, nodeName], { env });
  writeClusterFiles(places);
  const log = openSync(join(places.logs, "node.log"), "a");
  const flags = ["--mount", "--net", "--pid", "--fork", "--kill-child=KILL"];
  const node = spawn("unshare", [...flags, "bash", join(here, "node.sh"), places.run], {
    env,
    stdio: ["pipe", log, log],
  });
  const exited = once(node, "exit");
  const stop = async (): Promise<void> => {
    node.kill("SIGKILL");
    await exited;
    removeControlGroups();
  };
  try {
    await awaitReady(places, () => node.exitCode !== null || node.signalCode !== null);
    const init = firstChild(node.pid ?? 0);
    return { ...commandsIn(places, init, env), places, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function awaitReady({ run, logs }: Places, hasEnded: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + readyTimeoutMs;
  while (!existsSync(join(run, "ready"))) {
    if (hasEnded() || Date.now() > deadlineMs) throw new Error(`the cluster did not start; its logs are in ${logs}`);
    await sleep(100);
  }
}

const firstChild = (pid: number): string =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0] ?? "";

function commandsIn(places: Places, init: string, env: NodeJS.ProcessEnv): Pick<Cluster, "exec" | "start"> {
  const enter = (command: string, args: readonly string[]): string[] => [
    "--target",
    init,
    "--mount",
    "--net",
    "--pid",
    `--wd=${process.cwd()}`,
    command,
    ...args,
  ];
  return {
    exec: async (command, args, { input, timeoutMs = commandTimeoutMs } = {}) => {
      const pending = run("nsenter", enter(command, args), { env, timeout: timeoutMs, maxBuffer: outputMaxBytes });
      if (input !== undefined) pending.child.stdin?.end(input);
      try {
        return (await pending).stdout;
      } catch (error) {
        const { stderr, message } = error as Error & { stderr?: string };
        throw new Error(`${command} ${args.slice(0, 6).join(" ")}: ${stderr?.trim() || message}`, { cause: error });
      }
    },
    start: (name, command, args, { env: more = {}, pipe = false } = {}) => {
      const log = openSync(join(places.logs, `${name}.log`), "a");
      const stdio: StdioOptions = ["ignore", pipe ? "pipe" : log, log];
      return spawn("nsenter", enter(command, args), { env: { ...env, ...more }, stdio });
    },
  };
}

/** What a kubelet leaves behind in the kernel, from the innermost outwards. */
function removeControlGroups(): void {
  try {
    execFileSync("sh", [
      "-c",
      `find /sys/fs/cgroup -depth -type d -path '*/topdog-rehearsal*' -exec rmdir {} + 2>/dev/null; true`,
    ]);
  } catch {
    // A group whose processes are still ending stays, empty: the next run takes it over.
  }
}

export function emptyRun({ run }: Places): void {
  rmSync(run, { recursive: true, force: true });
  mkdirSync(run, { recursive: true });
}
