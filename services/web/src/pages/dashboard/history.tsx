import type { Success } from "../../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { usageQuery } from "../../api/queries.ts";
import { dashboard } from "../../copy/dashboard.ts";
import { formatCompact, formatNanoUsd, formatNumber } from "../../domain/format.ts";
import { daysAgo, daysBetween, groupUsage, type UsageGroup, utcDay } from "../../domain/usage.ts";
import { BarChart } from "../../ui/bar-chart.tsx";
import { ButtonLink } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { FigureTable } from "../../ui/figure-table.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Blank, Loaded } from "../../ui/states.tsx";

type Usage = Success<"/api/usage", "get">;
type Scope = "own" | "org";

const ranges = Object.entries(dashboard.ranges);
const scopes: readonly (readonly [Scope, string])[] = [
  ["own", dashboard.scopes.own],
  ["org", dashboard.scopes.org],
];

interface HistoryProps {
  readonly orgId: string | null;
  /** Whether the whole org's calls may be seen, beside one's own. */
  readonly maySeeOrg: boolean;
}

export function History({ orgId, maySeeOrg }: HistoryProps) {
  const [days, setDays] = useState("7");
  const [wanted, setScope] = useState<Scope>("own");
  const [nowMs] = useState(() => Date.now());
  const scope = maySeeOrg ? wanted : "own";
  const query = useQuery(usageQuery({ orgId, scope, from: daysAgo(nowMs, Number(days)), to: utcDay(nowMs) }));
  const choices = (
    <div className="row">
      {maySeeOrg && <Choice legend={dashboard.scope} value={scope} onChange={setScope} options={scopes} />}
      <Choice legend={dashboard.range} value={days} onChange={setDays} options={ranges} />
    </div>
  );
  return (
    <Panel title={dashboard.history} action={choices}>
      <Loaded query={query} lines={6}>
        {(usage) => (usage.total.calls === 0 ? <NoCalls /> : <Figures usage={usage} />)}
      </Loaded>
    </Panel>
  );
}

function NoCalls() {
  return (
    <Blank title={dashboard.none} action={<ButtonLink to="/welcome">{dashboard.first}</ButtonLink>}>
      {dashboard.noneLead}
    </Blank>
  );
}

function Figures({ usage }: { readonly usage: Usage }) {
  const { from, to, total, rows } = usage;
  const sources = ["personal", "org_pool"] as const;
  const shownSources = sources.filter((source) => source === "personal" || rows.some((row) => row.source === source));
  const bars = daysBetween(from, to).map((day) => ({
    label: day,
    values: shownSources.map((source) =>
      rows.filter((row) => row.day === day && row.source === source).reduce((sum, row) => sum + row.calls, 0),
    ),
  }));
  const totals = [
    [dashboard.calls, formatNumber(total.calls)],
    [dashboard.requests, formatNumber(total.llmRequests)],
    [dashboard.tokens, formatCompact(total.promptTokens + total.completionTokens)],
    [dashboard.cost, formatNanoUsd(total.costNanoUsd)],
  ];
  return (
    <div className="stack loose">
      <dl className="figures-row">
        {totals.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="num">{value}</dd>
          </div>
        ))}
      </dl>
      <BarChart
        title={dashboard.chart(from, to)}
        columnName={dashboard.day}
        series={shownSources.map((source) => dashboard.sources[source])}
        bars={bars}
      />
      <UsageTable title={dashboard.byModel} groups={groupUsage(rows, ({ model }) => model ?? dashboard.unknownModel)} />
      <p className="small muted">{dashboard.costHint}</p>
    </div>
  );
}

function UsageTable({ title, groups }: { readonly title: string; readonly groups: readonly UsageGroup[] }) {
  const { columns } = dashboard;
  return (
    <FigureTable
      title={title}
      none={dashboard.none}
      columns={[columns.name, columns.calls, columns.requests, columns.tokens, columns.cost]}
      rows={groups.map(({ name, calls, llmRequests, promptTokens, completionTokens, costNanoUsd }) => [
        name,
        formatNumber(calls),
        formatNumber(llmRequests),
        formatCompact(promptTokens + completionTokens),
        formatNanoUsd(costNanoUsd),
      ])}
    />
  );
}
