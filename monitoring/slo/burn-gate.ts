import { allEvents, burnRate, sumIncrease } from "../rules/promql.ts";
import type { Gate, Sli, Slo } from "./definition.ts";

const revisionLabels = "service, revision";

/** A gate that judges a release by an SLO: how fast it alone would spend the budget. */
export function burnGate(
  name: Gate["name"],
  slo: Slo,
  { failAt, leastSamples }: { readonly failAt: number; readonly leastSamples: number },
): Gate {
  return {
    name,
    meaning: `${slo.promise} (${slo.objective * 100} %): how many times faster than allowed this revision spends the budget`,
    unit: "× budget",
    value: (windows) => burnRate(judged(slo.sli, windows.isRehearsal), slo.objective, revisionLabels, windows),
    samples: ({ long }) => sumIncrease(revisionLabels, allEvents(slo.sli), long),
    leastSamples,
    failAt,
    against: "outage",
  };
}

const judged = (sli: Sli, isRehearsal: boolean): Sli =>
  sli.kind === "latency" && isRehearsal ? { ...sli, withinSeconds: sli.rehearsedSeconds ?? sli.withinSeconds } : sli;
