import { createInterface } from "node:readline";
import type { Cluster } from "./cluster/cluster.ts";
import { namespace } from "./kube.ts";

export interface RolloutStatus {
  readonly phase?: string;
  readonly message?: string;
  readonly abort?: boolean;
  readonly stableRS?: string;
  readonly currentPodHash?: string;
  /** Of the Deployment whose template it runs. */
  readonly workloadObservedGeneration?: string;
  readonly pauseConditions?: readonly { readonly reason: string }[];
}

/** What Argo says of each service, as the cluster tells of it. */
export interface Rollouts {
  status(service: string): RolloutStatus;
}

const format = String.raw`jsonpath={.object.metadata.name} {.object.status}{"\n"}`;

/**
 * One watch for as long as the cluster lives. Asking every second for every service would start a kubectl each time, which together take
 * a quarter of the machine.
 */
export function followRollouts(cluster: Cluster): Rollouts {
  const statuses = new Map<string, RolloutStatus>();
  const flags = ["--namespace", namespace, "get", "rollouts", "--watch", "--output-watch-events", "--output", format];
  const watch = cluster.start("rollouts", "kubectl", flags, { pipe: true });
  if (watch.stdout === null) throw new Error("kubectl's watch has no output");
  let hasEnded = false;
  watch.once("exit", () => (hasEnded = true));
  createInterface({ input: watch.stdout }).on("line", (line) => {
    const [name = ""] = line.split(" ", 1);
    const status = line.slice(name.length + 1);
    statuses.set(name, status === "" ? {} : (JSON.parse(status) as RolloutStatus));
  });
  return {
    status: (service) => {
      if (hasEnded) throw new Error("the watch on the Rollouts has ended: see rollouts.log");
      return statuses.get(service) ?? {};
    },
  };
}
