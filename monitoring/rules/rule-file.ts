/** A Prometheus rule file; a PrometheusRule's spec has the same form. */
export interface RuleFile {
  readonly groups: readonly RuleGroup[];
}

export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly Rule[];
}

export type Rule = RecordingRule | AlertRule;

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const pathOfRunbook = (runbook: string): string => `docs/runbooks/${runbook}.md`;

export function alertRule(alert: {
  readonly name: string;
  readonly meaning: string;
  readonly expr: string;
  readonly for?: string;
  readonly severity: "page" | "ticket";
  readonly runbook: string;
  readonly labels?: Readonly<Record<string, string>>;
}): AlertRule {
  return {
    alert: alert.name,
    expr: alert.expr,
    ...(alert.for === undefined ? {} : { for: alert.for }),
    labels: { ...alert.labels, severity: alert.severity },
    annotations: { summary: alert.meaning, runbook: pathOfRunbook(alert.runbook) },
  };
}
