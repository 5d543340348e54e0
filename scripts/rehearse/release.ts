import type { ServiceName } from "@topdog/contracts/services";
import { type Kube, until } from "./kube.ts";
import type { RehearsedPlatform } from "./platform.ts";
import type { RolloutStatus } from "./rollouts.ts";

/** `unjudged`: promoted, and no analysis said that it may be. That must never be. */
export type Verdict = "promoted" | "unjudged" | "aborted" | "inconclusive";

export interface Outcome {
  readonly verdict: Verdict;
  /** From `helm upgrade` to the verdict. */
  readonly seconds: number;
}

const verdictTimeoutMs = 240_000;
/** In memory, at what the watch told. */
const lookEveryMs = 100;
export const healthyTimeoutMs = 120_000;
let releases = 0;

/** Ships one release of a service and waits for what becomes of it. */
export async function ship(
  platform: RehearsedPlatform,
  service: ServiceName,
  values: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const startedMs = Date.now();
  await begin(platform, service, values);
  const verdict = await awaitVerdict(platform, service);
  return { verdict, seconds: Math.round((Date.now() - startedMs) / 1000) };
}

/** `helm upgrade` with another build number: the release is under way when this returns. */
export async function begin(
  platform: RehearsedPlatform,
  service: ServiceName,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  releases += 1;
  await platform.releases.ship(service, { release: `r${releases}`, ...values });
  await seesTemplate(platform, service);
}

export async function awaitVerdict({ kube, rollouts }: RehearsedPlatform, service: ServiceName): Promise<Verdict> {
  const status = await until(
    `a verdict about ${service}`,
    async () => rollouts.status(service),
    (one) => verdictOf(one) !== null,
    { timeoutMs: verdictTimeoutMs, intervalMs: lookEveryMs },
  );
  const verdict = verdictOf(status) ?? "inconclusive";
  return verdict === "promoted" && !(await wasJudged(kube, status.currentPodHash ?? "")) ? "unjudged" : verdict;
}

/** Whether an analysis of this revision was passed, each of its gates with evidence. */
async function wasJudged(kube: Kube, podHash: string): Promise<boolean> {
  const selector = `rollouts-pod-template-hash=${podHash}`;
  const path = "jsonpath={range .items[*]}{.status.phase} {end}";
  const phases = (await kube.kubectl(["get", "analysisruns", "--selector", selector, "--output", path])).trim();
  return phases !== "" && phases.split(" ").every((phase) => phase === "Successful");
}

/** What the gates said of releases that they did not pass, the newest last. */
export const objections = ({ kube }: RehearsedPlatform): Promise<string> =>
  kube.kubectl([
    "get",
    "analysisruns",
    "--sort-by=.metadata.creationTimestamp",
    "--output",
    `jsonpath={range .items[?(@.status.message)]}{.metadata.name}: {.status.message}{"\\n"}{end}`,
  ]);

export function verdictOf(status: RolloutStatus): Exclude<Verdict, "unjudged"> | null {
  if (status.abort === true || status.phase === "Degraded") return "aborted";
  if (status.pauseConditions?.some(({ reason }) => reason === "InconclusiveAnalysisRun") === true)
    return "inconclusive";
  return status.phase === "Healthy" && status.stableRS === status.currentPodHash ? "promoted" : null;
}

/** By the command of the runbook, then Helm agrees. Returns when the service is healthy again. */
export async function goBack(platform: RehearsedPlatform, service: ServiceName): Promise<void> {
  await platform.releases.takeBack(service, () => undo(platform, service));
  const status = async (): Promise<RolloutStatus> => platform.rollouts.status(service);
  await until(`${service} is healthy again`, status, ({ phase }) => phase === "Healthy", {
    timeoutMs: healthyTimeoutMs,
    intervalMs: lookEveryMs,
  });
}

/** What an operator types. The pods that it brings back were never gone. */
async function undo(platform: RehearsedPlatform, service: ServiceName): Promise<void> {
  await platform.kube.kubectl(["rollout", "undo", `deployment/${service}`]);
  await seesTemplate(platform, service);
}

/** The newest one of its Deployment. */
async function seesTemplate({ kube, rollouts }: RehearsedPlatform, service: ServiceName): Promise<void> {
  const { metadata } = await kube.get<{ metadata: { generation: number } }>("deployment", service);
  const seen = async (): Promise<number> => Number(rollouts.status(service).workloadObservedGeneration);
  await until(`the Rollout ${service} sees the template`, seen, (generation) => generation >= metadata.generation, {
    timeoutMs: 30_000,
    intervalMs: lookEveryMs,
  });
}

/** The build number of what the service's Deployment would run now. */
export async function wantedRelease({ kube }: RehearsedPlatform, service: ServiceName): Promise<string> {
  interface Deployment {
    readonly spec: { readonly template: { readonly metadata: { readonly annotations: Record<string, string> } } };
  }
  const { spec } = await kube.get<Deployment>("deployment", service);
  return spec.template.metadata.annotations["topdog.dev/release"] ?? "";
}
