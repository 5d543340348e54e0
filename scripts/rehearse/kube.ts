import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./cluster/cluster.ts";

export interface Kube {
  kubectl(args: readonly string[], input?: string): Promise<string>;
  get<T>(kind: string, name: string): Promise<T>;
  helm(args: readonly string[]): Promise<string>;
  /** Of a Service: a number, because the cluster's names are nobody's outside of its pods. */
  addressOf(service: string): Promise<string>;
}

export const namespace = "topdog";

/** Both commands, in a namespace: the platform's own when none is given. */
export function createKube(cluster: Cluster, within: string = namespace): Kube {
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    cluster.exec("kubectl", ["--namespace", within, ...args], input === undefined ? {} : { input });
  const get = async <T>(kind: string, name: string): Promise<T> =>
    JSON.parse(await kubectl(["get", kind, name, "--output", "json"])) as T;
  return {
    kubectl,
    get,
    helm: (args) => cluster.exec("helm", ["--namespace", within, ...args], { timeoutMs: 300_000 }),
    addressOf: async (service) =>
      (await kubectl(["get", "service", service, "--output", "jsonpath={.spec.clusterIP}"])).trim(),
  };
}

export const chartOf = (root: string): string => join(root, "charts/topdog");

export interface UntilOptions {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
}

/** Asks again until the answer satisfies; throws with the last answer. An API server that is busy may fail an answer. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  { timeoutMs, intervalMs = 1_000 }: UntilOptions,
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  let last = "nothing";
  while (Date.now() < deadlineMs) {
    const answer = await ask().catch((error: unknown) => error as Error);
    if (!(answer instanceof Error) && satisfied(answer)) return answer;
    last = answer instanceof Error ? answer.message : JSON.stringify(answer);
    await sleep(intervalMs);
  }
  throw new Error(`not within ${timeoutMs / 1000} s: ${what}; last seen: ${last.slice(0, 1500)}`);
}
