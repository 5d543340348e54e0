import { useQuery } from "@tanstack/react-query";
import { dailyUsageQuery, limitsQuery } from "../../api/queries.ts";
import { org as words } from "../../copy/org.ts";
import { formatCompact, formatDay, formatNanoUsd, formatNumber } from "../../domain/format.ts";
import { daysAgo, intervalsUntil, utcDay } from "../../domain/usage.ts";
import { BarChart } from "../../ui/bar-chart.tsx";
import { useHourMs } from "../../ui/clock.ts";
import { FigureRow } from "../../ui/figure-row.tsx";
import { LiveMark } from "../../ui/live.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

const { pool } = words;

/** What the members share, and how much of it is used. */
export function Pool({ orgId }: { readonly orgId: string }) {
  const query = useQuery(limitsQuery(orgId));
  return (
    <Panel title={pool.title} hint={pool.lead} action={<LiveMark />}>
      <Loaded query={query}>
        {({ limits, byok }) => {
          const bucket = limits.find((one) => one.orgId === orgId && one.source === "org_pool" && one.limit > 0);
          const slots = byok.find((one) => one.orgId === orgId && one.scope === "org" && one.capacity + one.used > 0);
          if (bucket === undefined && slots === undefined) return <p className="muted">{pool.none}</p>;
          return (
            <div className="panels">
              {bucket !== undefined && (
                <Meter
                  label={pool.bucket}
                  used={bucket.used}
                  limit={bucket.limit}
                  of={pool.of(formatNumber(bucket.limit))}
                  note={pool.left(formatNumber(bucket.remaining))}
                  source="org_pool"
                />
              )}
              {slots !== undefined && (
                <Meter
                  label={pool.slots}
                  used={slots.used}
                  limit={slots.capacity}
                  of={pool.of(formatNumber(slots.capacity))}
                  note={pool.left(formatNumber(Math.max(0, slots.capacity - slots.used)))}
                />
              )}
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}

const shownDays = 30;

/** What all members used, by day. */
export function DailyUsage({ orgId }: { readonly orgId: string }) {
  const nowMs = useHourMs();
  const query = useQuery(dailyUsageQuery(orgId, daysAgo(nowMs, shownDays), utcDay(nowMs)));
  const days = intervalsUntil(nowMs, "day", shownDays);
  return (
    <Panel title={pool.daily} hint={pool.dailyLead(shownDays)}>
      <Loaded query={query}>
        {({ items }) => {
          const today = items.find(({ day }) => day === utcDay(nowMs));
          const sum = (of: (one: (typeof items)[number]) => number): number =>
            items.reduce((total, one) => total + of(one), 0);
          return (
            <div className="stack loose">
              <FigureRow
                figures={[
                  [pool.calls, formatNumber(sum(({ calls }) => calls))],
                  [pool.requests, formatNumber(sum(({ llmRequests }) => llmRequests))],
                  [pool.cost, formatNanoUsd(sum(({ costNanoUsd }) => costNanoUsd))],
                  [pool.callers, formatNumber(today?.callers ?? 0)],
                ]}
              />
              <BarChart
                title={pool.chart}
                columnName={pool.day}
                series={[pool.calls]}
                bars={days.map((ms) => ({
                  label: formatDay(ms),
                  values: [items.find(({ day }) => day === utcDay(ms))?.calls ?? 0],
                }))}
                format={formatCompact}
                ends={[formatDay(days[0] ?? nowMs), pool.today]}
              />
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
