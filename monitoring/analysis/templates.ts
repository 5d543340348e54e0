import type { Gate, ServiceObjectives } from "../slo/definition.ts";
import type { Timescale } from "../slo/timescale.ts";
import { conditions, verdictQuery } from "./verdict.ts";

export interface AnalysisTemplate {
  readonly apiVersion: "argoproj.io/v1alpha1";
  readonly kind: "AnalysisTemplate";
  readonly metadata: { readonly name: string };
  readonly spec: { readonly args: readonly { readonly name: string }[]; readonly metrics: readonly AnalysisMetric[] };
}

interface AnalysisMetric {
  readonly name: string;
  readonly initialDelay: string;
  readonly interval: string;
  readonly count: number;
  readonly consecutiveSuccessLimit: number;
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  readonly successCondition: string;
  readonly failureCondition: string;
  readonly provider: { readonly prometheus: { readonly address: string; readonly query: string } };
}

/** What the Rollout's step passes: the hashes of both revisions, and where Prometheus is. */
const args = [{ name: "revision" }, { name: "stable" }, { name: "prometheus" }];
const revisions = { canary: "{{args.revision}}", stable: "{{args.stable}}" };

function metric(service: string, gate: Gate, { analysis, windows }: Timescale): AnalysisMetric {
  const { success, failure } = conditions(gate);
  return {
    name: gate.name.replaceAll("_", "-"),
    ...analysis,
    successCondition: success,
    failureCondition: failure,
    provider: {
      prometheus: { address: "{{args.prometheus}}", query: verdictQuery(service, gate, revisions, windows) },
    },
  };
}

/** `<service>-gates`; gates that need evaluators are `<service>-answer-gates`, for where some are at work. */
export function analysisTemplates({ service, gates }: ServiceObjectives, timescale: Timescale): AnalysisTemplate[] {
  const template = (name: string, own: readonly Gate[]): AnalysisTemplate => ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name },
    spec: { args, metrics: own.map((gate) => metric(service, gate, timescale)) },
  });
  const answers = gates.filter(({ needsEvaluators }) => needsEvaluators === true);
  return [
    template(
      `${service}-gates`,
      gates.filter(({ needsEvaluators }) => needsEvaluators !== true),
    ),
    ...(answers.length === 0 ? [] : [template(`${service}-answer-gates`, answers)]),
  ];
}
