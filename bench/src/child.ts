import { fork } from "node:child_process";
import { once } from "node:events";
import { runtimeEnvironment } from "@topdog/local-stack/child-environment";
import type { LoadJob, LoadResult } from "./load-job.ts";

/** One of the bench's own processes. It ends when this one does. */
export interface Child {
  readonly pid: number;
  readonly ask: (message: unknown) => Promise<unknown>;
  readonly nextMessage: () => Promise<unknown>;
  readonly stop: () => void;
}

const sources = "--conditions=@topdog/source";

function startChild(file: string, args: readonly string[], nodeArgs: readonly string[] = []): Child {
  const child = fork(new URL(file, import.meta.url), args, {
    execArgv: ["--disable-warning=ExperimentalWarning", ...nodeArgs],
    env: runtimeEnvironment(process.env),
  });
  if (child.pid === undefined) throw new Error(`${file} did not start`);
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`${file} ended with ${String(code)}`)));
  ended.catch(() => undefined);
  const nextMessage = (): Promise<unknown> => {
    const message = new Promise<unknown>((resolve) => child.once("message", resolve));
    return Promise.race([message, ended]);
  };
  const ask = (message: unknown): Promise<unknown> => {
    const answer = nextMessage();
    child.send(message as object);
    return answer;
  };
  return { pid: child.pid, ask, nextMessage, stop: () => child.disconnect() };
}

export interface LoadGenerator {
  readonly pid: number;
  readonly run: (job: LoadJob) => Promise<LoadResult>;
  readonly stop: () => void;
}

export function startLoadGenerator(): LoadGenerator {
  const child = startChild("./load-generator-process.ts", []);
  return { pid: child.pid, run: (job) => child.ask(job) as Promise<LoadResult>, stop: child.stop };
}

/** A server of the bench's own, on a free port. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  readonly stop: () => void;
}

async function startServer(file: string, args: readonly string[]): Promise<Server> {
  const child = startChild(file, args);
  return { pid: child.pid, port: (await child.nextMessage()) as number, stop: child.stop };
}

export const startBareProxy = (upstreamPort: number): Promise<Server> =>
  startServer("./bare-proxy-process.ts", [`http://127.0.0.1:${upstreamPort}`]);

export const startDialectProvider = (): Promise<Server> => startServer("./dialect-provider-process.ts", []);

export const startProvider = (tokenIntervalMs: number): Promise<Server> =>
  startServer("./provider-process.ts", [String(tokenIntervalMs)]);

/** A gateway's leases and permits without the HTTP around them: plays the job and ends. */
export async function startAdmissions(job: object): Promise<unknown> {
  return startChild("../../services/gateway/test/admissions-process.ts", [], [sources]).ask(job);
}
