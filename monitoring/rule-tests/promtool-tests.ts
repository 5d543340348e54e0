import type { ServiceName } from "@topdog/contracts/services";
import { verdictQuery } from "../analysis/verdict.ts";
import { objectives } from "../slo/all.ts";
import type { Gate, GateName } from "../slo/definition.ts";
import { timescales } from "../slo/timescale.ts";
import { alertCases, platformCases } from "./alert-cases.ts";
import { gateCases } from "./gate-cases.ts";
import { revisions, type RuleCase, type Verdict } from "./rule-case.ts";

const [production] = timescales;

interface ExprTest {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

export interface PromtoolFile {
  readonly rule_files: readonly string[];
  readonly evaluation_interval: string;
  readonly tests: readonly {
    readonly name: string;
    readonly interval: string;
    readonly input_series: readonly { readonly series: string; readonly values: string }[];
    readonly promql_expr_test: readonly ExprTest[];
  }[];
}

const is = (value: number): ExprTest["exp_samples"] => [{ labels: "{}", value }];

function gateOf(service: ServiceName, name: GateName): Gate {
  const gate = objectives.find((own) => own.service === service)?.gates.find((one) => one.name === name);
  if (gate === undefined) throw new Error(`${service} has no gate ${name}`);
  return gate;
}

/** The very question that the release is judged by. */
function verdictTest(service: ServiceName, name: GateName, verdict: Verdict, at: string): ExprTest {
  const gate = gateOf(service, name);
  const query = `(${verdictQuery(service, gate, revisions, production.windows)})`;
  const expectations: Readonly<Record<Verdict, Omit<ExprTest, "eval_time">>> = {
    pass: { expr: `count(${query} >= 0 and ${query} < ${gate.failAt})`, exp_samples: is(1) },
    fail: { expr: `count(${query} >= ${gate.failAt})`, exp_samples: is(1) },
    too_few: { expr: `sum(${query})`, exp_samples: is(-1) },
    outage: { expr: `sum(${query})`, exp_samples: is(-2) },
    none: { expr: query, exp_samples: [] },
  };
  return { ...expectations[verdict], eval_time: at };
}

const firing = ([alert, severity]: readonly [string, string]): string =>
  `count(ALERTS{alertstate="firing",alertname="${alert}",severity="${severity}"})`;

const alertTests = ({ at, fires = [], quiet = [] }: Pick<RuleCase, "at" | "fires" | "quiet">): ExprTest[] => [
  ...fires.map((alert) => ({ expr: firing(alert), eval_time: at, exp_samples: is(1) })),
  ...quiet.map((alert) => ({ expr: firing(alert), eval_time: at, exp_samples: [] })),
];

type Case = Omit<RuleCase, "service"> & { readonly service?: ServiceName };

function fileOf(one: Case, rules: string): PromtoolFile {
  const { name, service, intervalSeconds, series, at, verdicts = {} } = one;
  const judged = Object.entries(verdicts) as [GateName, Verdict][];
  return {
    rule_files: [rules],
    evaluation_interval: `${intervalSeconds}s`,
    tests: [
      {
        name,
        interval: `${intervalSeconds}s`,
        input_series: Object.entries(series).map(([text, values]) => ({ series: text, values })),
        promql_expr_test: [
          ...(service === undefined ? [] : judged.map(([gate, verdict]) => verdictTest(service, gate, verdict, at))),
          ...alertTests(one),
        ],
      },
    ],
  };
}

/** One file for promtool per case: each with its own pace and its own rules. */
export function promtoolFiles(charts: string): PromtoolFile[] {
  const generated = (chart: string, file: string): string => `${charts}/${chart}/generated/${file}`;
  return [
    ...gateCases.map((one) => fileOf(one, generated(one.service, "gate-rules-production.yml"))),
    ...alertCases.map((one) => fileOf(one, generated(one.service, "rules.yml"))),
    ...platformCases.map((one) => fileOf(one, generated("topdog", "rules.yml"))),
  ];
}
