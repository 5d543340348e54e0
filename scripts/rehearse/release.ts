import type { ServiceName } from "@topdog/contracts/services";
import { type RolloutStatus, until } from "./kube.ts";
import type { RehearsedPlatform } from "./platform.ts";

export type Verdict = "promoted" | "aborted" | "inconclusive";

export interface Outcome {
  readonly verdict: Verdict;
  /** From `helm upgrade` to the verdict. */
  readonly seconds: number;
}

const verdictTimeoutMs = 240_000;
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
  { upgrade, kube }: RehearsedPlatform,
  service: ServiceName,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  releases += 1;
  const own = Object.fromEntries(Object.entries(values).map(([name, value]) => [`${service}.${name}`, value]));
  await upgrade({ [`${service}.release`]: `r${releases}`, ...own });
  await until(
    `the Rollout ${service} sees its new template`,
    () => kube.hasSeenTemplate(service),
    (seen) => seen,
    {
      timeoutMs: 30_000,
    },
  );
}

export async function awaitVerdict({ kube }: RehearsedPlatform, service: ServiceName): Promise<Verdict> {
  const status = await until(
    `a verdict about ${service}`,
    () => kube.rollout(service),
    (one) => verdictOf(one) !== null,
    { timeoutMs: verdictTimeoutMs },
  );
  return verdictOf(status) ?? "inconclusive";
}

export function verdictOf(status: RolloutStatus): Verdict | null {
  if (status.abort === true || status.phase === "Degraded") return "aborted";
  if (status.pauseConditions?.some(({ reason }) => reason === "InconclusiveAnalysisRun") === true)
    return "inconclusive";
  return status.phase === "Healthy" && status.stableRS === status.currentPodHash ? "promoted" : null;
}

/** What an operator types. The pods that it brings back were never gone. */
export async function undo({ kube }: RehearsedPlatform, service: ServiceName): Promise<void> {
  await kube.kubectl(["rollout", "undo", `deployment/${service}`]);
  await until(
    `the Rollout ${service} sees what was undone`,
    () => kube.hasSeenTemplate(service),
    (seen) => seen,
    {
      timeoutMs: 30_000,
    },
  );
}

/** The build number of what the service's Deployment would run now. */
export async function wantedRelease({ kube }: RehearsedPlatform, service: ServiceName): Promise<string> {
  interface Deployment {
    readonly spec: { readonly template: { readonly metadata: { readonly annotations: Record<string, string> } } };
  }
  const { spec } = await kube.get<Deployment>("deployment", service);
  return spec.template.metadata.annotations["topdog.dev/release"] ?? "";
}
