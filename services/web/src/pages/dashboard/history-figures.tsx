import { dashboard } from "../../copy/dashboard.ts";
import { formatCompact, formatDay, formatHour, formatNanoUsd, formatNumber } from "../../domain/format.ts";
import {
  chartUsage,
  groupUsage,
  type HistoryInterval,
  totalOf,
  type UsageDimension,
  type UsageLine,
  type UsageMeasure,
} from "../../domain/usage.ts";
import { BarChart } from "../../ui/bar-chart.tsx";
import { FigureRow } from "../../ui/figure-row.tsx";
import { FigureTable } from "../../ui/figure-table.tsx";

const maxSeries = 6;

interface HistoryFiguresProps {
  readonly lines: readonly UsageLine[];
  readonly interval: HistoryInterval;
  /** When each begins, oldest first. */
  readonly intervals: readonly number[];
  readonly dimension: UsageDimension;
  readonly measure: UsageMeasure;
  readonly nameOf: (dimension: UsageDimension, value: string | null) => string;
}

export function HistoryFigures({ lines, interval, intervals, dimension, measure, nameOf }: HistoryFiguresProps) {
  const firstMs = intervals[0] ?? 0;
  const shown = lines.filter(({ at }) => Date.parse(at) >= firstMs);
  const total = totalOf(shown);
  const chart = chartUsage(shown, { dimension, measure, intervals, maxSeries });
  const named = interval === "hour" ? formatHour : formatDay;
  const { columns } = dashboard;
  return (
    <div className="stack loose">
      <FigureRow
        figures={[
          [dashboard.measures.calls, formatNumber(total.calls)],
          [dashboard.measures.llmRequests, formatNumber(total.llmRequests)],
          [dashboard.measures.tokens, formatCompact(total.tokens)],
          [dashboard.measures.cost, formatNanoUsd(total.costNanoUsd)],
        ]}
      />
      <BarChart
        title={dashboard.chart(dashboard.measures[measure], dashboard.dimensions[dimension])}
        columnName={dashboard.intervals[interval]}
        series={[
          ...chart.values.map((value) => nameOf(dimension, value)),
          ...(chart.hasOthers ? [dashboard.others] : []),
        ]}
        bars={chart.figures.map((values, index) => ({ label: named(intervals[index] ?? 0), values }))}
        format={measure === "cost" ? formatNanoUsd : formatCompact}
        ends={[named(firstMs), dashboard.now[interval]]}
      />
      <FigureTable
        title={dashboard.by[dimension]}
        none={dashboard.none}
        columns={[columns.name, columns.calls, columns.requests, columns.refunded, columns.tokens, columns.cost]}
        rows={groupUsage(shown, dimension, measure).map((group) => [
          nameOf(dimension, group.value),
          formatNumber(group.calls),
          formatNumber(group.llmRequests),
          formatNumber(group.refundedCalls),
          formatCompact(group.tokens),
          formatNanoUsd(group.costNanoUsd),
        ])}
      />
      <p className="small muted">
        {dashboard.costHint} {total.unpricedCalls > 0 && dashboard.unpriced(formatNumber(total.unpricedCalls))}
      </p>
    </div>
  );
}
