import type { Gate, Growth, ServiceObjectives } from "../slo/definition.ts";
import type { Timescale } from "../slo/timescale.ts";
import { increaseBy } from "./promql.ts";
import type { RecordingRule, RuleGroup } from "./rule-file.ts";

export const gateSeries = "topdog:gate";
export const gateSamplesSeries = "topdog:gate_samples";
export const gateWorstSeries = "topdog:gate_worst";

const fewestSamples = 10;
/** A single sample is enough where a sample is a measurement of everything. */
export const leastSamples = (gate: Gate, { sampleShare }: Timescale): number =>
  Math.max(Math.min(gate.leastSamples, fewestSamples), Math.round(gate.leastSamples * sampleShare));

/** -1 for each revision that is scraped: what it says when it has too little to say. No process, no value. */
const tooFew = (service: string): string =>
  `0 * count by (service, revision) (up{job="topdog",service="${service}"} == 1) - 1`;

/**
 * The value in the gate's own windows or in the shortest alone, whichever is worse. A new revision has no calls of before its
 * start: an outage that has just begun shows in the shortest window of the stable one as much.
 */
function worst(gate: Gate, { windows }: Timescale, increase: Growth): string {
  const own = gate.value(windows, increase);
  const short = gate.value({ ...windows, long: windows.short, slow: windows.short }, increase);
  return `(\n    (${short}) > (${own})\n    or\n    (${own})\n  )`;
}

/** `topdog_quota_sync_seconds_count{outcome!="ok"}` over 5m → `revision:topdog_quota_sync_seconds_count_outcome_not_ok:increase5m`. */
const recordedName = (of: string, window: string): string =>
  `revision:${of.replaceAll("!", "_not").replaceAll(/\W+/g, "_").replace(/_$/, "")}:increase${window}`;

interface Recorder {
  /** The series that has it. */
  readonly increase: Growth;
  /** What records them: the rules that read them come after, in the same group, so they see those of the same moment. */
  readonly rules: () => RecordingRule[];
}

/** Several gates, and several places of one, ask for the same counter in the same window: it is added up once. */
function createRecorder(): Recorder {
  const expressions = new Map<string, string>();
  const byRevision = increaseBy("service, revision");
  return {
    increase(of, window) {
      const record = recordedName(of, window);
      const expr = byRevision(of, window);
      if ((expressions.get(record) ?? expr) !== expr) throw new Error(`two selectors would be recorded as ${record}`);
      expressions.set(record, expr);
      return record;
    },
    rules: () => [...expressions].map(([record, expr]) => ({ record, expr })),
  };
}

/**
 * One number per gate and revision. From 0 on: judged. -1: too few samples. No series: nothing is scraped, or the rule is
 * broken. So nothing that is missing can look like something good.
 */
export function gateGroup({ service, gates }: ServiceObjectives, timescale: Timescale): RuleGroup {
  const recorder = createRecorder();
  const { increase } = recorder;
  const rules = gates.flatMap((gate) => {
    const samples = gate.samples(timescale.windows, increase);
    const enough = `${samples} >= ${leastSamples(gate, timescale)}`;
    const labels = { gate: gate.name };
    const judged = (value: string): string =>
      `(\n  ${value}\n)\nand\n(\n  ${enough}\n)\nor\n(\n  ${tooFew(service)}\n)`;
    return [
      { record: gateSamplesSeries, expr: samples, labels },
      { record: gateSeries, expr: judged(gate.value(timescale.windows, increase)), labels },
      ...(gate.against === "nothing"
        ? []
        : [{ record: gateWorstSeries, expr: judged(worst(gate, timescale, increase)), labels }]),
    ];
  });
  return {
    name: `${service}-gates`,
    interval: `${timescale.evaluationSeconds}s`,
    rules: [...recorder.rules(), ...rules],
  };
}
