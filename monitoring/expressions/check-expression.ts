import { parser } from "@prometheus-io/lezer-promql";
import type { KnownLabels, KnownSeries } from "./known-series.ts";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

interface Selected {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** What is wrong with an expression: its syntax, or a selector that can never select anything. */
export function findExpressionProblems(expr: string, known: KnownSeries): string[] {
  const selected: Selected[] = [];
  const problems: string[] = [];
  parser.parse(expr).iterate({
    enter({ type, node, from }) {
      if (type.isError) problems.push(`a syntax error at ${from}: ${expr.slice(from, from + 30)}`);
      if (type.name === "VectorSelector") selected.push(readSelector(expr, node));
    },
  });
  return [...problems, ...selected.flatMap((one) => selectorProblems(one, known))];
}

function readSelector(expr: string, node: SyntaxNode): Selected {
  const text = (part: SyntaxNode | null): string => (part === null ? "" : expr.slice(part.from, part.to));
  const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
  return {
    metric: text(node.getChild("Identifier")),
    matchers: matchers.map((matcher) => ({
      label: text(matcher.getChild("LabelName")),
      operator: text(matcher.getChild("MatchOp")),
      value: JSON.parse(text(matcher.getChild("StringLiteral"))) as string,
    })),
  };
}

function selectorProblems({ metric, matchers }: Selected, known: KnownSeries): string[] {
  const labels = known.get(metric);
  if (labels === undefined) return [`no series is called ${metric}`];
  return matchers.flatMap((matcher) => matcherProblems(metric, matcher, labels));
}

function matcherProblems(metric: string, { label, operator, value }: Matcher, labels: KnownLabels): string[] {
  const values = labels.get(label);
  if (values === undefined) return [`${metric} has no label ${label}`];
  if (values === null || value.startsWith("$")) return [];
  const pattern = new RegExp(`^(?:${operator.endsWith("~") ? value : RegExp.escape(value)})$`);
  const matching = [...values].filter((one) => pattern.test(one));
  return matching.length === 0 ? [`no ${label} of ${metric} can be ${value}`] : deadWords(metric, label, value, values);
}

/** Each word of `a|b|c` must be one that occurs. */
function deadWords(metric: string, label: string, value: string, values: ReadonlySet<string>): string[] {
  if (!/^[\w|]+$/.test(value) || !value.includes("|")) return [];
  return value
    .split("|")
    .filter((word) => !values.has(word))
    .map((word) => `no ${label} of ${metric} can be ${word}`);
}
