import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { serviceNames, services } from "@topdog/contracts/services";
import type { Cluster } from "./cluster/cluster.ts";
import { namespace, until } from "./kube.ts";

export const prometheusUrl = "http://127.0.0.1:9090";

export interface RehearsalPrometheus {
  /** Whom it scrapes, as long as they live. */
  readonly targetsFile: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A Prometheus on the cluster's network, beside its pods. Debian's cannot ask Kubernetes for its targets: what a watch on
 * the pods says is written into the file that it follows.
 */
export function createPrometheus(cluster: Cluster, root: string): RehearsalPrometheus {
  const folder = join(cluster.places.run, "prometheus");
  mkdirSync(join(folder, "rules"), { recursive: true });
  for (const name of [...serviceNames, "topdog"]) {
    for (const kind of ["gate-rules-rehearsal", "rules"]) {
      const rules = join(root, "charts", name, `generated/${kind}.yml`);
      if (existsSync(rules)) cpSync(rules, join(folder, "rules", `${name}-${kind}.yml`));
    }
  }
  const targets = join(folder, "targets.json");
  writeFileSync(targets, "[]");
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(configuration));
  followPods(cluster, targets);
  let ended: Promise<unknown> = Promise.resolve();
  return {
    targetsFile: targets,
    async start() {
      const child = cluster.start("prometheus", "prometheus", [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        "--web.listen-address=127.0.0.1:9090",
        "--web.enable-lifecycle",
      ]);
      ended = new Promise((resolve) => child.once("exit", resolve));
      const ready = (): Promise<string> => cluster.exec("curl", ["-sf", `${prometheusUrl}/-/ready`]);
      await until("Prometheus is ready", ready, () => true, { timeoutMs: 60_000 });
    },
    async stop() {
      await cluster.exec("curl", ["-sf", "-X", "POST", `${prometheusUrl}/-/quit`]);
      await ended;
    },
  };
}

const configuration = {
  global: { scrape_interval: "2s", scrape_timeout: "1500ms", evaluation_interval: "2s" },
  rule_files: ["rules/*.yml"],
  scrape_configs: [{ job_name: "topdog", honor_labels: true, file_sd_configs: [{ files: ["targets.json"] }] }],
};

const columns = [
  "{.type}",
  "{.object.metadata.name}",
  "{.object.status.podIP}",
  "{.object.status.phase}",
  String.raw`{.object.metadata.labels.app\.kubernetes\.io/name}`,
  "{.object.metadata.labels.rollouts-pod-template-hash}",
];

/** Every pod of a service that runs, with its revision, for as long as the cluster lives. */
function followPods(cluster: Cluster, file: string): void {
  const pods = new Map<string, object>();
  const format = `jsonpath=${columns.join(" ")}{"\\n"}`;
  const flags = ["--namespace", namespace, "get", "pods", "--watch", "--output-watch-events", "--output", format];
  const watch = cluster.start("pods", "kubectl", flags, { pipe: true });
  if (watch.stdout === null) throw new Error("kubectl's watch has no output");
  createInterface({ input: watch.stdout }).on("line", (line) => {
    const [event, name = "", address = "", phase, service, revision = ""] = line.split(" ");
    const port = services.find((one) => one.name === service)?.opsPort;
    if (port === undefined) return;
    if (event === "DELETED" || phase !== "Running") pods.delete(name);
    else pods.set(name, { targets: [`${address}:${port}`], labels: { service, revision, pod: name } });
    writeFileSync(`${file}.new`, JSON.stringify([...pods.values()]));
    renameSync(`${file}.new`, file);
  });
}
