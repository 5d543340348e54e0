import type { Gate, ServiceObjectives } from "../slo/definition.ts";
import type { Timescale } from "../slo/timescale.ts";
import type { RuleGroup } from "./rule-file.ts";

export const gateSeries = "topdog:gate";
export const gateSamplesSeries = "topdog:gate_samples";

const fewestSamples = 10;
/** A single sample is enough where a sample is a measurement of everything. */
export const leastSamples = (gate: Gate, { sampleShare }: Timescale): number =>
  Math.max(Math.min(gate.leastSamples, fewestSamples), Math.round(gate.leastSamples * sampleShare));

/** -1 for each revision that is scraped: what it says when it has too little to say. No process, no value. */
const tooFew = (service: string): string =>
  `0 * count by (service, revision) (up{job="topdog",service="${service}"} == 1) - 1`;

/**
 * One number per gate and revision. From 0 on: judged. -1: too few samples. No series: nothing is scraped, or the rule is
 * broken. So nothing that is missing can look like something good.
 */
export function gateGroup({ service, gates }: ServiceObjectives, timescale: Timescale): RuleGroup {
  const rules = gates.flatMap((gate) => {
    const samples = gate.samples(timescale.windows);
    const enough = `${samples} >= ${leastSamples(gate, timescale)}`;
    const labels = { gate: gate.name };
    return [
      { record: gateSamplesSeries, expr: samples, labels },
      {
        record: gateSeries,
        expr: `(\n  ${gate.value(timescale.windows)}\n)\nand\n(\n  ${enough}\n)\nor\n(\n  ${tooFew(service)}\n)`,
        labels,
      },
    ];
  });
  return { name: `${service}-gates`, interval: `${timescale.evaluationSeconds}s`, rules };
}
