import { gateSeries, gateWorstSeries } from "../rules/gate-rules.ts";
import type { Gate, WindowsOfGate } from "../slo/definition.ts";

const ofRevision = (series: string, service: string, gate: Gate, revision: string): string =>
  `${series}{gate="${gate.name}",service="${service}",revision="${revision}"}`;

/** In an outage both revisions fail alike. A release that is so many times worse is at fault all the same. */
export const farWorse = 4;

interface Revisions {
  readonly canary: string;
  readonly stable: string;
}

/**
 * The number that decides on one revision, in PromQL. From 0 on: judged; -1: too few samples; -2: the stable revision fails
 * too, so it is not the release. No answer, several, or not a number: no evidence either.
 */
export function verdictQuery(service: string, gate: Gate, revisions: Revisions, { short }: WindowsOfGate): string {
  const canary = ofRevision(gateSeries, service, gate, revisions.canary);
  const stable = ofRevision(gateSeries, service, gate, revisions.stable);
  // An outage is remembered for a while: breakers close in each process at their own time.
  const stableWorst = `max_over_time(${ofRevision(gateWorstSeries, service, gate, revisions.stable)}[${short}])`;
  const outage = `(${stableWorst} >= ${gate.failAt} and on (service) ${farWorse} * ${stableWorst} > on (service) ${canary})`;
  const judged = (value: string): string =>
    `${value} < ${gate.failAt}\nor on (service)\n(\n  ${value} >= ${gate.failAt}\n  unless on (service) ${outage}\n)`;
  switch (gate.against) {
    case "nothing":
      return canary;
    case "excess": {
      const excess =
        `(\n  clamp_min(${canary} - on (service) ${stable}, 0)\n` +
        `  and on (service) ${canary} >= 0\n  and on (service) ${stable} >= 0\n)`;
      return (
        `${judged(excess)}\nor on (service)\n(0 * ${canary} - 2 and on (service) ${excess} >= ${gate.failAt})\n` +
        `or on (service) 0 * ${canary} - 1`
      );
    }
    case "outage":
      return `${judged(canary)}\nor on (service)\n0 * ${canary} - 2`;
  }
}

/** Argo's expressions. Neither holds for a missing, negative or undefined number: then it is inconclusive. */
export const conditions = (gate: Gate): { readonly success: string; readonly failure: string } => ({
  success: `len(result) == 1 && result[0] >= 0 && result[0] < ${gate.failAt}`,
  failure: `len(result) == 1 && result[0] >= ${gate.failAt}`,
});
