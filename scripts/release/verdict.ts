/** The part of a Rollout's answer that decides. */
export interface RolloutAnswer {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    /** Text: Argo counts so. */
    readonly observedGeneration?: string;
    readonly workloadObservedGeneration?: string;
    readonly phase?: string;
    readonly message?: string;
    readonly abort?: boolean;
    readonly stableRS?: string;
    readonly currentPodHash?: string;
    readonly pauseConditions?: readonly { readonly reason: string }[];
  };
}

export type Verdict = "promoted" | "ended" | "no_evidence" | "under_way";

/**
 * What became of a release. `workloadGeneration` is the Deployment's: before Argo has seen that template, what it says is about
 * the release before.
 */
export function verdictOf({ metadata, status = {} }: RolloutAnswer, workloadGeneration: number): Verdict {
  const { phase, abort, pauseConditions = [] } = status;
  if (status.observedGeneration !== String(metadata.generation)) return "under_way";
  if (status.workloadObservedGeneration !== String(workloadGeneration)) return "under_way";
  if (abort === true || phase === "Degraded") return "ended";
  if (pauseConditions.some(({ reason }) => reason === "InconclusiveAnalysisRun")) return "no_evidence";
  const isStable = status.stableRS !== undefined && status.stableRS === status.currentPodHash;
  return phase === "Healthy" && isStable ? "promoted" : "under_way";
}
