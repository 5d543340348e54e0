import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readSync, fstatSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { awaitUrl } from "./await-url.ts";
import { runtimeEnvironment } from "./child-environment.ts";
import { type GuardSignal, guardProcess } from "./process-guard.ts";

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  readonly name: string;
  /** A script for this Node; or give `command`, any executable. */
  readonly entry?: string;
  readonly nodeArgs?: readonly string[];
  readonly command?: string;
  readonly args?: readonly string[];
  /** Added to what any program needs to run (`child-environment`): nothing else of this process's environment is passed on. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Output is appended here; without it, it is dropped. */
  readonly logFile?: string;
  readonly readyUrl?: string;
  readonly readyTimeoutMs?: number;
  readonly account?: { readonly uid: number; readonly gid: number };
  /** How it ends should this process die without stopping it. */
  readonly guardSignal?: GuardSignal;
  readonly onExit?: (exit: ProcessExit) => void;
}

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string | undefined;
  /** Resolves when `readyUrl` answers 200; rejects, with the log's tail, when the process ends or takes too long. */
  readonly ready: Promise<void>;
  readonly exited: Promise<ProcessExit>;
  isRunning(): boolean;
  /** Asks it to end, then kills its whole process group once `graceMs` are over. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<ProcessExit>;
  /** Kills its process group at once. */
  kill9(): Promise<ProcessExit>;
}

const defaultReadyTimeoutMs = 60_000;
const defaultGraceMs = 10_000;
const tailBytes = 4_096;

/** Starts a child in a process group of its own that cannot outlive this process. Throws when it cannot be run. */
export function startProcess(options: ProcessOptions): ManagedProcess {
  const child = spawnChild(options);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.name}: ${commandOf(options)} cannot be run`);
  const callOffGuard = guardProcess(pid, options.guardSignal ?? "KILL");
  let ended = false;
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once("exit", (code, signal) => {
      ended = true;
      killGroup(pid);
      callOffGuard();
      resolve({ code, signal });
      options.onExit?.({ code, signal });
    });
  });
  const ready = awaitReady(options, exited);
  ready.catch(() => undefined);
  const kill9 = (): Promise<ProcessExit> => {
    if (!ended) killGroup(pid);
    return exited;
  };
  return {
    name: options.name,
    pid,
    logFile: options.logFile,
    ready,
    exited,
    isRunning: () => !ended,
    kill9,
    async stop(signal = "SIGTERM", graceMs = defaultGraceMs) {
      if (!ended) child.kill(signal);
      const timer = setTimeout(() => void kill9(), graceMs);
      return exited.finally(() => clearTimeout(timer));
    },
  };
}

/** The end of a log file, for an error message; "" when there is none. */
export function tailOf(logFile: string | undefined): string {
  if (logFile === undefined) return "";
  try {
    const file = openSync(logFile, "r");
    const size = fstatSync(file).size;
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    closeSync(file);
    return buffer.toString("utf8").trim();
  } catch {
    return "";
  }
}

const commandOf = (options: ProcessOptions): string => options.command ?? process.execPath;

function spawnChild(options: ProcessOptions): ChildProcess {
  const ownArgs = options.entry === undefined ? [] : [...(options.nodeArgs ?? []), options.entry];
  const output = options.logFile === undefined ? "ignore" : openLog(options.logFile);
  const child = spawn(commandOf(options), [...ownArgs, ...(options.args ?? [])], {
    detached: true,
    env: { ...runtimeEnvironment(process.env), ...options.env },
    stdio: ["ignore", output, output],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.account,
  });
  child.on("error", () => undefined);
  if (typeof output === "number") closeSync(output);
  return child;
}

function openLog(logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true });
  return openSync(logFile, "a", 0o600);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}

async function awaitReady(options: ProcessOptions, exited: Promise<ProcessExit>): Promise<void> {
  if (options.readyUrl === undefined) return;
  const giveUp = new AbortController();
  const timeoutMs = options.readyTimeoutMs ?? defaultReadyTimeoutMs;
  const fail = (what: string): void => giveUp.abort(startFailure(options, what));
  const timer = setTimeout(() => fail(`is not ready after ${timeoutMs / 1000} s (${options.readyUrl})`), timeoutMs);
  void exited.then(({ code, signal }) => fail(`ended while starting (${signal ?? `exit code ${code}`})`));
  try {
    await awaitUrl(options.readyUrl, giveUp.signal);
  } finally {
    clearTimeout(timer);
  }
}

function startFailure(options: ProcessOptions, what: string): Error {
  const tail = tailOf(options.logFile);
  return new Error(`${options.name} ${what}${tail === "" ? "" : `; the end of ${options.logFile}:\n${tail}`}`);
}

/** Waits until nothing of the process is left, at most `timeoutMs`; for engines whose children outlive them briefly. */
export async function awaitGone(isGone: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!isGone()) {
    if (Date.now() > deadlineMs) return false;
    await sleep(20);
  }
  return true;
}
