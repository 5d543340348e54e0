import type { Limits } from "../../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { limitsQuery } from "../../api/queries.ts";
import { dashboard } from "../../copy/dashboard.ts";
import { formatCountdown, formatNumber } from "../../domain/format.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { useNowMs } from "../../ui/clock.ts";
import { LiveMark } from "../../ui/live.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";
import { pathIn } from "../../ui/workspace.ts";

type Limit = Limits["limits"][number];

const keptOf = ({ share }: Limit): number => share?.kept ?? 0;
const isUsedUp = (limit: Limit): boolean => limit.remaining <= keptOf(limit);

/** Today's figures by source, in the order in which calls are charged. */
export function Today({ orgId }: { readonly orgId: string | null }) {
  const query = useQuery(limitsQuery(orgId));
  return <Loaded query={query}>{(limits) => <TodayFigures orgId={orgId} limits={limits} />}</Loaded>;
}

function TodayFigures({ orgId, limits }: { readonly orgId: string | null; readonly limits: Limits }) {
  const nowMs = useNowMs();
  const shown = limits.limits.filter((limit) => limit.orgId === orgId);
  const own = shown.filter(({ source }) => source === "personal");
  const concurrency = limits.concurrency.find((one) => one.orgId === orgId);
  const left = formatCountdown((Date.parse(limits.resetsAt) - nowMs) / 1000);
  return (
    <>
      <OverLimit orgId={orgId} limits={shown} />
      {own.length === 0 && <Notice tone="warn">{dashboard.noSeat}</Notice>}
      <Panel title={dashboard.today} hint={dashboard.resets(left)} action={<LiveMark />}>
        <div className="panels">
          {shown.map((limit) => (
            <Meter
              key={`${limit.source} ${limit.meter}`}
              label={`${dashboard.meters[limit.meter]}, ${dashboard.sources[limit.source].toLowerCase()}`}
              used={limit.used}
              limit={limit.limit}
              of={dashboard.of(formatNumber(limit.limit))}
              note={dashboard.left(formatNumber(limit.remaining), keptOf(limit))}
              source={limit.source}
            />
          ))}
        </div>
        {concurrency !== undefined && <p className="small muted under">{dashboard.concurrent(concurrency.limit)}</p>}
      </Panel>
    </>
  );
}

/** What it means that a limit is used up, and what to do. */
function OverLimit({ orgId, limits }: { readonly orgId: string | null; readonly limits: readonly Limit[] }) {
  const used = limits.filter(isUsedUp);
  const requests = used.some(({ meter }) => meter === "llm_requests");
  const calls = used.some(({ meter, source }) => meter === "api_calls" && source === "personal");
  const pool = limits.find(({ source }) => source === "org_pool");
  if (!requests && !calls) return null;
  if (pool !== undefined && !isUsedUp(pool)) return <Notice tone="warn">{dashboard.over.pool}</Notice>;
  if (pool !== undefined && keptOf(pool) > 0) return <Notice tone="bad">{dashboard.over.share}</Notice>;
  return (
    <Notice
      tone="bad"
      action={
        <ButtonLink size="small" to={pathIn("/billing", orgId)}>
          {dashboard.upgrade}
        </ButtonLink>
      }
    >
      {requests ? dashboard.over.llm_requests : dashboard.over.api_calls}
    </Notice>
  );
}
