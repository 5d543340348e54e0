import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { historyAddress, type HistoryQuestion, historyQuery } from "../../api/queries.ts";
import { dashboard } from "../../copy/dashboard.ts";
import { daysAgo, intervalsUntil, type UsageDimension, type UsageMeasure, utcDay } from "../../domain/usage.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { useHourMs } from "../../ui/clock.ts";
import { Choice } from "../../ui/choice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { SelectField } from "../../ui/select-field.tsx";
import { Blank, Loaded } from "../../ui/states.tsx";
import { HistoryFigures } from "./history-figures.tsx";
import { useNames } from "./names.ts";

type Scope = "own" | "org";

/** How much is shown: the hours of a day, or so many days. */
const ranges = {
  day: { interval: "hour", count: 24, days: 2 },
  week: { interval: "day", count: 7, days: 7 },
  month: { interval: "day", count: 30, days: 30 },
} as const;
type Range = keyof typeof ranges;

const entriesOf = <Key extends string>(words: Readonly<Record<Key, string>>): (readonly [Key, string])[] =>
  Object.entries(words) as [Key, string][];

interface HistoryProps {
  readonly orgId: string | null;
  /** Whether the whole org's calls may be seen, beside one's own. */
  readonly maySeeOrg: boolean;
}

/** What was used, over time and split by what made it. */
export function History({ orgId, maySeeOrg }: HistoryProps) {
  const [range, setRange] = useState<Range>("week");
  const [wanted, setScope] = useState<Scope>("own");
  const [groupBy, setGroupBy] = useState<UsageDimension>("model");
  const [measure, setMeasure] = useState<UsageMeasure>("calls");
  const nowMs = useHourMs();
  const scope = maySeeOrg ? wanted : "own";
  const { interval, count, days } = ranges[range];
  const from = daysAgo(nowMs, days);
  const question: HistoryQuestion = { orgId, scope, interval, groupBy, from, to: utcDay(nowMs) };
  const query = useQuery(historyQuery(question));
  const nameOf = useNames(orgId, scope);
  const dimensions = entriesOf(dashboard.dimensions).filter(([id]) => id !== "member" || scope === "org");
  return (
    <Panel
      title={dashboard.history}
      action={
        <div className="row">
          {maySeeOrg && (
            <Choice legend={dashboard.scope} value={scope} onChange={setScope} options={entriesOf(dashboard.scopes)} />
          )}
          <Choice legend={dashboard.range} value={range} onChange={setRange} options={entriesOf(dashboard.ranges)} />
        </div>
      }
    >
      <div className="row apart controls">
        <div className="row">
          <SelectField
            label={dashboard.measure}
            value={measure}
            onChange={setMeasure}
            options={entriesOf(dashboard.measures)}
          />
          <SelectField label={dashboard.splitBy} value={groupBy} onChange={setGroupBy} options={dimensions} />
        </div>
        <a
          className="button"
          data-look="line"
          data-size="small"
          href={historyAddress(question)}
          download={`usage-${from}.csv`}
        >
          {dashboard.csv}
        </a>
      </div>
      <Loaded query={query} lines={8}>
        {(lines) =>
          lines.length === 0 ? (
            <NoCalls />
          ) : (
            <HistoryFigures
              lines={lines}
              interval={interval}
              intervals={intervalsUntil(nowMs, interval, count)}
              dimension={groupBy}
              measure={measure}
              nameOf={nameOf}
            />
          )
        }
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
