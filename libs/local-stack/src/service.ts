import { setTimeout as sleep } from "node:timers/promises";
import { type ManagedProcess, type ProcessExit, type ProcessOptions, startProcess, tailOf } from "./process.ts";
import { createRestartBudget } from "./restart-budget.ts";

/** One of our services as a process that can be killed and started again; `pid` is that of the current one. */
export interface LocalService {
  readonly name: string;
  readonly url: string;
  /** Of its operations port. */
  readonly opsUrl: string;
  readonly logFile: string;
  readonly pid: number;
  readonly ready: Promise<void>;
  readonly exited: Promise<ProcessExit>;
  isRunning(): boolean;
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<ProcessExit>;
  kill9(): Promise<ProcessExit>;
  /** Starts it again, killing it first if it runs, and waits until it is ready. `env` is added for this and all later starts. */
  restart(env?: Readonly<Record<string, string | undefined>>): Promise<void>;
}

export interface ServiceSpec {
  readonly name: string;
  readonly folder: string;
  /** Of its main module, relative to the folder. */
  readonly entry: string;
  readonly port: number;
  readonly opsPort: number;
  /** Runs its TypeScript sources, and restarts when one of them, or of a library they use, changes. */
  readonly watched: boolean;
  /** Where a debugger can attach, `host:port`. */
  readonly inspectAddress?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
}

/** What happens when a service ends that nobody stopped. */
export interface ExitPolicy {
  /** Restarts in a row that it is given; 0 leaves it down. */
  readonly restartsMax: number;
  onUnexpectedExit(name: string, exit: ProcessExit, logTail: string, willRestart: boolean): void;
}

const readyTimeoutMs = 60_000;
const restartDelayMs = 1_000;

/** Starts a service's compiled `main`; `ready` says when it answers on /readyz. */
export function startService(spec: ServiceSpec, host: string, policy: ExitPolicy): LocalService {
  const url = `http://${host}:${spec.port}`;
  let env = { ...spec.env };
  let wanted = true;
  const budget = createRestartBudget(policy.restartsMax);
  let current = launch();

  function launch(): ManagedProcess {
    budget.noteStart();
    return startProcess({ ...processOptions(spec, url), env, onExit: (exit) => void whenEnded(exit) });
  }
  async function whenEnded(exit: ProcessExit): Promise<void> {
    if (!wanted) return;
    const willRestart = budget.spend();
    policy.onUnexpectedExit(spec.name, exit, tailOf(spec.logFile), willRestart);
    if (!willRestart) return;
    await sleep(restartDelayMs);
    if (wanted) current = launch();
  }
  return {
    name: spec.name,
    url,
    opsUrl: `http://${host}:${spec.opsPort}`,
    logFile: spec.logFile,
    get pid() {
      return current.pid;
    },
    get ready() {
      return current.ready;
    },
    get exited() {
      return current.exited;
    },
    isRunning: () => current.isRunning(),
    stop(signal, graceMs) {
      wanted = false;
      return current.stop(signal, graceMs);
    },
    kill9() {
      wanted = false;
      return current.kill9();
    },
    async restart(added = {}) {
      wanted = false;
      await current.kill9();
      env = { ...env, ...added };
      wanted = true;
      current = launch();
      await current.ready;
    },
  };
}

/** V8 sizes its heap by the machine's memory: without bounds 30 MB of live objects take 300. */
const heapArgs = ["--max-semi-space-size=16", "--max-old-space-size=512"];
const watchArgs = ["--watch", "--watch-preserve-output", "--conditions=@topdog/source"];

const nodeArgsOf = ({ watched, inspectAddress }: ServiceSpec): string[] => [
  ...heapArgs,
  ...(inspectAddress === undefined ? [] : [`--inspect=${inspectAddress}`]),
  ...(watched ? [...watchArgs, "--import", "./src/instrumentation.ts"] : ["--import", "./dist/instrumentation.js"]),
];

function processOptions(spec: ServiceSpec, url: string): ProcessOptions {
  return {
    name: spec.name,
    nodeArgs: nodeArgsOf(spec),
    entry: spec.entry,
    cwd: spec.folder,
    logFile: spec.logFile,
    readyUrl: `${url}/readyz`,
    readyTimeoutMs,
  };
}
