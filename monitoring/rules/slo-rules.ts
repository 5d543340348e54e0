import type { ServiceObjectives, Slo } from "../slo/definition.ts";
import { allEvents, budgetOf, errorRatio, rateBy } from "./promql.ts";
import { type AlertRule, alertRule, type RecordingRule, type RuleGroup } from "./rule-file.ts";

const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
type Window = (typeof windows)[number];
const periodDays = 30;

/** Long and short window, and how many times faster than allowed the budget goes in both: Google's SRE workbook, table 5-8. */
const burns: readonly { long: Window; short: Window; factor: number; severity: "page" | "ticket" }[] = [
  { long: "1h", short: "5m", factor: 14.4, severity: "page" },
  { long: "6h", short: "30m", factor: 6, severity: "page" },
  { long: "1d", short: "2h", factor: 3, severity: "ticket" },
  { long: "3d", short: "6h", factor: 1, severity: "ticket" },
];

const ratioOf = (window: string): string => `slo:sli_error:ratio_rate${window}`;
const inBraces = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;

/** What the alerts and the dashboards read, under Sloth's names; the labels service and slo tell whose it is. */
function recordingRules({ service, slos }: ServiceObjectives): RecordingRule[] {
  return slos.flatMap((slo) => {
    const labels = { service, slo: slo.name };
    const own = inBraces(labels);
    const record = (name: string, expr: string): RecordingRule => ({ record: name, expr, labels });
    return [
      ...windows.map((window) => record(ratioOf(window), errorRatio(slo.sli, rateBy("service"), window))),
      record("slo:objective:ratio", `vector(${slo.objective})`),
      record(
        `slo:sli_error:ratio_rate${periodDays}d`,
        `sum_over_time(${ratioOf("5m")}${own}[${periodDays}d]) / count_over_time(${ratioOf("5m")}${own}[${periodDays}d])`,
      ),
      record(
        "slo:error_budget_remaining:ratio",
        `1 - slo:sli_error:ratio_rate${periodDays}d${own} / ${budgetOf(slo.objective)}`,
      ),
    ];
  });
}

/** `llm-router`, `http-availability` → `LlmRouterHttpAvailabilityBurn`. */
export const burnAlertName = (service: string, slo: Pick<Slo, "name">): string =>
  `${service}-${slo.name}-burn`.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

function burnAlerts({ service, slos }: ServiceObjectives): AlertRule[] {
  return slos.flatMap((slo) => {
    const own = inBraces({ service, slo: slo.name });
    const budget = budgetOf(slo.objective);
    return (["page", "ticket"] as const).map((severity) => {
      const pairs = burns
        .filter((burn) => burn.severity === severity)
        .map(({ long, short, factor }) => {
          const over = (window: Window): string => `${ratioOf(window)}${own} > ${factor} * ${budget}`;
          const events = `sum by (service) (increase(${allEvents(slo.sli)}[${long}])) >= ${slo.leastEvents}`;
          return `(\n  ${[over(long), `and ${over(short)}`, `and on (service) ${events}`].join("\n  ")}\n)`;
        });
      return alertRule({
        name: burnAlertName(service, slo),
        meaning: `${slo.promise}: not so for ${severity === "page" ? "so many that the month's error budget is gone in days" : "longer than the error budget allows"}`,
        expr: pairs.join("\nor\n"),
        severity,
        runbook: slo.runbook,
        labels: { service, slo: slo.name },
      });
    });
  });
}

const minutes = (count: number): string => `${count}m`;

/** Nothing is known of a service: no process of it is scraped, or what its promises are measured by is not there. */
function absentAlerts({ service, slos }: ServiceObjectives): AlertRule[] {
  const labels = { service };
  return [
    alertRule({
      name: "ServiceAbsent",
      meaning: `No process of ${service} answers Prometheus`,
      expr: `absent(up{job="topdog",service="${service}"} == 1)`,
      for: minutes(2),
      severity: "page",
      runbook: "service-absent",
      labels,
    }),
    ...slos.map((slo) =>
      alertRule({
        name: "MeasureAbsent",
        meaning: `What a promise of ${service} is measured by is not reported: ${slo.promise}`,
        expr: `absent(${allEvents(slo.sli)})`,
        for: minutes(10),
        severity: "ticket",
        runbook: "service-absent",
        labels: { ...labels, slo: slo.name },
      }),
    ),
  ];
}

const ownAlerts = ({ service, alerts }: ServiceObjectives): AlertRule[] =>
  alerts.map(({ forMinutes, ...alert }) =>
    alertRule({ ...alert, ...(forMinutes === 0 ? {} : { for: minutes(forMinutes) }), labels: { service } }),
  );

/** Of one service. Recording in one group, so that an alert sees what was recorded just before. */
export function sloGroups(own: ServiceObjectives): RuleGroup[] {
  return [
    { name: `${own.service}-slo`, interval: "30s", rules: [...recordingRules(own), ...burnAlerts(own)] },
    { name: `${own.service}-alerts`, interval: "30s", rules: [...absentAlerts(own), ...ownAlerts(own)] },
  ];
}
