import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type RolloutAnswer, type Verdict, verdictOf } from "./verdict.ts";

const run = promisify(execFile);
const kubectlTimeoutMs = 30_000;
const pollMs = 5_000;
/** A cluster that does not answer for so long is no reason to end a release: Argo goes on without us. */
const maxFailuresInRow = 12;

async function read<T>(kind: string, name: string, namespace: string): Promise<T> {
  const args = ["get", kind, name, "--namespace", namespace, "--output", "json"];
  const { stdout } = await run("kubectl", args, { timeout: kubectlTimeoutMs });
  return JSON.parse(stdout) as T;
}

interface Deployment {
  readonly metadata: { readonly generation: number };
}

export interface Awaited {
  readonly verdict: Verdict;
  readonly message: string;
  readonly seconds: number;
}

/** Waits until a release is promoted, ended, or without evidence; `under_way` when the time is over. */
export async function awaitRelease(
  { service, namespace, timeoutMs }: { service: string; namespace: string; timeoutMs: number },
  log: (line: string) => void,
): Promise<Awaited> {
  const startedMs = Date.now();
  const seconds = (): number => Math.round((Date.now() - startedMs) / 1000);
  let failures = 0;
  let last = "";
  while (Date.now() - startedMs < timeoutMs) {
    try {
      const rollout = await read<RolloutAnswer>("rollout", service, namespace);
      const deployment = await read<Deployment>("deployment", service, namespace);
      failures = 0;
      const verdict = verdictOf(rollout, deployment.metadata.generation);
      const message = `${rollout.status?.phase ?? "?"} ${rollout.status?.message ?? ""}`.trim();
      if (message !== last) log(`${service} ${seconds()} s: ${message}`);
      last = message;
      if (verdict !== "under_way") return { verdict, message, seconds: seconds() };
    } catch (error) {
      failures += 1;
      if (failures >= maxFailuresInRow) throw error;
      log(`${service}: the cluster does not answer (${failures} of ${maxFailuresInRow})`);
    }
    await sleep(pollMs);
  }
  return { verdict: "under_way", message: last, seconds: seconds() };
}
