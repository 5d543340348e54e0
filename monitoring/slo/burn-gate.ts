import { allEvents, burnRate } from "../rules/promql.ts";
import type { Gate, Sli, Slo } from "./definition.ts";

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
    value: (windows, growth) => burnRate(judged(slo.sli, windows.isRehearsal), slo.objective, growth, windows),
    samples: ({ long }, increase) => increase(allEvents(slo.sli), long),
    leastSamples,
    failAt,
    against: "outage",
  };
}

const judged = (sli: Sli, isRehearsal: boolean): Sli =>
  sli.kind === "latency" && isRehearsal ? { ...sli, withinSeconds: sli.rehearsedSeconds ?? sli.withinSeconds } : sli;
