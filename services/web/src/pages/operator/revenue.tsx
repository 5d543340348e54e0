import type { Success } from "../../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { statsQuery } from "../../api/operator-queries.ts";
import { billing } from "../../copy/billing.ts";
import { operator } from "../../copy/operator.ts";
import { formatCents, formatNumber } from "../../domain/format.ts";
import { Choice } from "../../ui/choice.tsx";
import { FigureRow } from "../../ui/figure-row.tsx";
import { FigureTable } from "../../ui/figure-table.tsx";
import { usePlanNames } from "../../ui/plan-names.ts";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

type Stats = Success<"/api/billing/admin/stats", "get">;

const microPerCent = 10_000;
const usd = (micro: number): string => formatCents(Math.round(micro / microPerCent));
const ranges = Object.entries(operator.range);

export function Revenue() {
  const [days, setDays] = useState("30");
  const query = useQuery(statsQuery(Number(days)));
  return (
    <Panel
      title={operator.revenue}
      action={<Choice legend={operator.days} value={days} onChange={setDays} options={ranges} />}
    >
      <Loaded query={query}>{(stats) => <Figures stats={stats} />}</Loaded>
    </Panel>
  );
}

function Figures({ stats }: { readonly stats: Stats }) {
  const { columns } = operator;
  const nameOf = usePlanNames();
  const totals: (readonly [string, string])[] = [
    [operator.mrr, usd(stats.mrrMicroUsd)],
    [operator.arr, usd(stats.arrMicroUsd)],
    [operator.subscriptions, formatNumber(stats.subscriptions)],
    [operator.seats, formatNumber(stats.seats)],
    [operator.trials, formatNumber(stats.trials)],
    [operator.pastDue, formatNumber(stats.pastDue)],
  ];
  const kinds = Object.entries(operator.movement) as [keyof Stats["movements"], string][];
  return (
    <div className="stack loose">
      <FigureRow figures={totals} />
      <FigureTable
        title={operator.byPlan}
        none={operator.none}
        columns={[columns.plan, columns.interval, columns.subscriptions, columns.seats, columns.mrr]}
        rows={stats.byPlan.map((one) => [
          nameOf(one.plan),
          one.interval === "year" ? billing.intervals.year : billing.intervals.month,
          formatNumber(one.subscriptions),
          formatNumber(one.seats),
          usd(one.mrrMicroUsd),
        ])}
      />
      <FigureTable
        title={operator.movements}
        none={operator.none}
        columns={[columns.what, columns.count, columns.amount]}
        rows={kinds.map(([kind, name]) => [
          name,
          formatNumber(stats.movements[kind].count),
          usd(stats.movements[kind].microUsd),
        ])}
      />
      <FigureTable
        title={operator.usage}
        none={operator.none}
        columns={[columns.plan, columns.calls, columns.cost, columns.margin]}
        rows={stats.usage.map((one) => [
          nameOf(one.plan),
          formatNumber(one.calls),
          usd(one.costMicroUsd),
          usd(one.marginMicroUsd),
        ])}
      />
    </div>
  );
}
