import { useQuery } from "@tanstack/react-query";
import { consistencyQuery } from "../../api/operator-queries.ts";
import { operator } from "../../copy/operator.ts";
import { formatNumber, formatPercent, formatRelative } from "../../domain/format.ts";
import { Button } from "../../ui/button.tsx";
import { useNowMs } from "../../ui/clock.ts";
import { FigureRow } from "../../ui/figure-row.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

const { consistency: words } = operator;

/** Whether the ledger and the counters agree. */
export function Consistency() {
  const query = useQuery(consistencyQuery);
  const nowMs = useNowMs();
  return (
    <Panel
      title={words.title}
      hint={words.lead}
      action={
        <Button size="small" isPending={query.isFetching} onClick={() => void query.refetch()}>
          {words.again}
        </Button>
      }
    >
      <Loaded query={query}>
        {({ meteringConsistency: metering, ledger, measuredAt }) => (
          <div className="stack">
            <Notice tone={metering.ratio < metering.target ? "bad" : "good"}>
              {metering.ratio < metering.target ? words.disagrees : words.agrees}
            </Notice>
            <FigureRow
              figures={[
                [words.ratio, formatPercent(metering.ratio)],
                [words.checked, formatNumber(metering.checkedBuckets)],
                [words.disagreeing, formatNumber(metering.disagreeingBuckets)],
                [words.missing, formatNumber(metering.missingSeqs)],
                [words.open, formatNumber(ledger.openRows)],
                [words.unknown, formatNumber(ledger.unknownRows)],
              ]}
            />
            <p className="small muted">
              {metering.fromDay !== null &&
                metering.toDay !== null &&
                `${words.days(metering.fromDay, metering.toDay)} `}
              {words.measured(formatRelative(measuredAt, nowMs))}
            </p>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
