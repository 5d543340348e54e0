import { expect, test } from "@jest/globals";
import { type RolloutAnswer, verdictOf } from "./verdict.ts";

const seen = { observedGeneration: "4", workloadObservedGeneration: "9" };
const rollout = (status: RolloutAnswer["status"]): RolloutAnswer => ({
  metadata: { generation: 4 },
  status: { ...seen, ...status },
});
const whole = { phase: "Healthy", stableRS: "new", currentPodHash: "new" };

test.each<[string, RolloutAnswer["status"], string]>([
  ["all pods are of the new version", whole, "promoted"],
  ["the old version is healthy and the new one is not stable yet", { ...whole, stableRS: "old" }, "under_way"],
  ["steps are walked", { phase: "Progressing", stableRS: "old", currentPodHash: "new" }, "under_way"],
  ["a step waits for its time", { phase: "Paused", pauseConditions: [{ reason: "CanaryPauseStep" }] }, "under_way"],
  [
    "a gate had no evidence",
    { phase: "Paused", pauseConditions: [{ reason: "InconclusiveAnalysisRun" }] },
    "no_evidence",
  ],
  ["a gate failed", { phase: "Degraded", abort: true, stableRS: "old", currentPodHash: "new" }, "ended"],
  ["its pods never became ready", { phase: "Degraded" }, "ended"],
  ["Argo has not seen the Deployment's new template", { ...whole, workloadObservedGeneration: "8" }, "under_way"],
  ["Argo has not seen the Rollout's new steps", { ...whole, observedGeneration: "3" }, "under_way"],
])("%s", (_, status, verdict) => {
  expect(verdictOf(rollout(status), 9)).toBe(verdict);
});

test("a Rollout that says nothing yet is under way", () => {
  expect(verdictOf({ metadata: { generation: 1 } }, 1)).toBe("under_way");
});
