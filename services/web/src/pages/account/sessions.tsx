import type { Success } from "../../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, bodyOf } from "../../api/client.ts";
import { sessionsQuery } from "../../api/queries.ts";
import { account } from "../../copy/account.ts";
import { formatDate, formatRelative } from "../../domain/format.ts";
import { clientName } from "../../domain/user-agent.ts";
import { ActButton } from "../../ui/act-button.tsx";
import { useNowMs } from "../../ui/clock.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Panel, Tag } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

type Session = Success<"/api/auth/sessions", "get">["items"][number];

export function Sessions() {
  const query = useQuery(sessionsQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const nowMs = useNowMs();
  const end = async (sessionId: string): Promise<void> => {
    await bodyOf(api.DELETE("/api/auth/sessions/{sessionId}", { params: { path: { sessionId } } }));
    await queries.invalidateQueries({ queryKey: ["sessions"] });
  };
  const endAll = async (): Promise<void> => {
    await bodyOf(api.POST("/api/auth/sign-out-everywhere"));
    queries.clear();
    await navigate("/sign-in");
  };
  return (
    <Panel
      title={account.sessions}
      hint={account.sessionsLead}
      action={<ActButton label={account.everywhere} size="small" act={endAll} />}
    >
      <Loaded query={query}>
        {({ items }) => (
          <DataTable label={account.sessions} columns={columnsOf(nowMs, end)} rows={items} keyOf={({ id }) => id} />
        )}
      </Loaded>
    </Panel>
  );
}

function columnsOf(nowMs: number, end: (id: string) => Promise<void>): readonly Column<Session>[] {
  const { columns } = account;
  return [
    {
      name: columns.where,
      kind: "head",
      cell: ({ address, current, userAgent }) => (
        <>
          <span className="mono">{address}</span> {current && <Tag tone="good">{account.here}</Tag>}
          <div className="small muted">{userAgent === "" ? account.unknown : clientName(userAgent)}</div>
        </>
      ),
    },
    { name: columns.seen, cell: ({ lastSeenAt }) => formatRelative(lastSeenAt, nowMs) },
    { name: columns.since, cell: ({ createdAt }) => formatDate(createdAt) },
    { name: columns.ends, cell: ({ expiresAt }) => formatDate(expiresAt) },
    { name: columns.factor, cell: ({ secondFactor }) => (secondFactor ? account.yes : account.no) },
    {
      name: columns.actions,
      kind: "actions",
      cell: ({ id, current }) =>
        !current && <ActButton label={account.end} size="small" look="quiet" act={() => end(id)} />,
    },
  ];
}
