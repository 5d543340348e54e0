import { farWorse } from "../analysis/verdict.ts";
import { leastSamples } from "../rules/gate-rules.ts";
import { burnAlertName } from "../rules/slo-rules.ts";
import { objectives } from "../slo/all.ts";
import type { Gate, ServiceObjectives, Sli } from "../slo/definition.ts";
import { platformAlerts } from "../slo/platform.ts";
import { timescales } from "../slo/timescale.ts";

const intro = `# What the platform promises, and how a release is judged

This page is generated from \`monitoring/slo\` by \`npm run generate\`, and so are the Prometheus rules, Argo's analysis templates and the dashboards.

Objectives hold over 30 days. A page goes out when the error budget is spent 14.4 times too fast over an hour and over five minutes, or 6 times over six hours
and over half an hour; a ticket when 3 times over a day, or at all over three days. Windows with too few events say nothing.

A **gate** gives one number for each revision of a service. It passes below its limit, six times in a row. It fails from the limit on. Everything else is
*not enough evidence*, and a release never passes on that: too few samples, no series, no number, a Prometheus that does not answer, or an outage. An outage is
when the stable revision would fail too, or would have a moment ago, and the release is not ${farWorse} times worse. Without evidence the release is
paused, or ended when Prometheus stays away; the stable revision serves meanwhile.
`;

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
const runbookLink = (runbook: string): string => `[${runbook}](runbooks/${runbook}.md)`;

const measure = (sli: Sli): string =>
  sli.kind === "events" ? `\`${sli.bad}\` of \`${sli.all}\`` : `\`${sli.histogram}\` within ${sli.withinSeconds} s`;

const against: Readonly<Record<Gate["against"], string>> = {
  nothing: "alone",
  outage: "no evidence in an outage",
  excess: "beyond the stable revision; no evidence in an outage",
};

function serviceSection({ service, slos, gates, alerts }: ServiceObjectives): string {
  const [production] = timescales;
  return [
    `## ${service}`,
    table(
      ["promise", "objective", "measured by", "alert", "runbook"],
      slos.map((slo) => [
        slo.promise,
        `${slo.objective * 100} %`,
        measure(slo.sli),
        `\`${burnAlertName(service, slo)}\``,
        runbookLink(slo.runbook),
      ]),
    ),
    table(
      ["gate", "what", "unit", "fails from", "samples at least", "judged"],
      gates.map((gate) => [
        `\`${gate.name}\``,
        gate.meaning,
        gate.unit,
        String(gate.failAt),
        String(leastSamples(gate, production)),
        against[gate.against],
      ]),
    ),
    ...(alerts.length === 0 ? [] : [alertTable(alerts)]),
  ].join("\n\n");
}

const alertTable = (alerts: ServiceObjectives["alerts"]): string =>
  table(
    ["alert", "meaning", "severity", "runbook"],
    alerts.map(({ name, meaning, severity, runbook }) => [`\`${name}\``, meaning, severity, runbookLink(runbook)]),
  );

/** docs/slo.md */
export const sloPage = (): string =>
  [
    intro,
    ...objectives.map(serviceSection),
    "## Every service",
    "`ServiceAbsent` and `MeasureAbsent` tell of each service when nothing is known of it ([service-absent](runbooks/service-absent.md)).",
    alertTable(platformAlerts),
  ].join("\n\n") + "\n";
