import { join } from "node:path";
import type { Cluster } from "./cluster/cluster.ts";
import { type Kube, namespace } from "./kube.ts";

/** The controller, for every namespace, and its kinds. */
export async function startArgo(cluster: Cluster, kube: Kube): Promise<void> {
  await kube.kubectl(["apply", "--server-side", "--filename", join(cluster.places.cache, "crds")]);
  await kube.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  const flags = ["--leader-elect=false", "--metricsPort=8190", "--healthzPort=8191"];
  cluster.start("argo-rollouts", "rollouts-controller", flags, { env: { POD_NAMESPACE: namespace } });
}
