import { gateSeries } from "../rules/gate-rules.ts";
import type { Gate } from "../slo/definition.ts";

const ofRevision = (service: string, gate: Gate, revision: string): string =>
  `${gateSeries}{gate="${gate.name}",service="${service}",revision="${revision}"}`;

/**
 * The number that decides on one revision, in PromQL. From 0 on: judged; -1: too few samples; -2: the stable revision is as bad,
 * so it is not the release. No answer, several, or not a number: no evidence either.
 */
export function verdictQuery(service: string, gate: Gate, revisions: { canary: string; stable: string }): string {
  const canary = ofRevision(service, gate, revisions.canary);
  const stable = ofRevision(service, gate, revisions.stable);
  switch (gate.against) {
    case "nothing":
      return canary;
    case "excess":
      return (
        `clamp_min(${canary} - on (service) ${stable}, 0)\n` +
        `and on (service) ${canary} >= 0\nand on (service) ${stable} >= 0\n` +
        `or on (service) 0 * ${canary} - 1`
      );
    case "outage":
      return (
        `${canary} < ${gate.failAt}\nor\n(\n  ${canary} >= ${gate.failAt}\n  unless on (service)\n` +
        `  (${stable} >= ${gate.failAt} and on (service) 2 * ${stable} > on (service) ${canary})\n)\n` +
        `or\n0 * ${canary} - 2`
      );
  }
}

/** Argo's expressions. Neither holds for a missing, negative or undefined number: then it is inconclusive. */
export const conditions = (gate: Gate): { readonly success: string; readonly failure: string } => ({
  success: `len(result) == 1 && result[0] >= 0 && result[0] < ${gate.failAt}`,
  failure: `len(result) == 1 && result[0] >= ${gate.failAt}`,
});
