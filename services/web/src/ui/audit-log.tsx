import type { Success } from "../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { auditQuery, membersQuery } from "../api/queries.ts";
import { sessionQuery } from "../api/session-query.ts";
import { audit } from "../copy/audit.ts";
import { formatDateTime } from "../domain/format.ts";
import { type Column, DataTable } from "./data-table.tsx";
import { Panel } from "./panel.tsx";
import { Loaded } from "./states.tsx";

interface AuditLogProps {
  readonly orgId: string | null;
  readonly title?: string;
  /** Which actions stand in it; all when absent. */
  readonly isShown?: (action: string) => boolean;
}

/** The last of what happened in a workspace, newest first. */
export function AuditLog({ orgId, title = audit.title, isShown = () => true }: AuditLogProps) {
  const query = useQuery(auditQuery(orgId));
  const nameOf = usePeople(orgId);
  const href = orgId === null ? "/api/audit/export" : `/api/orgs/${orgId}/audit/export`;
  return (
    <Panel
      title={title}
      hint={audit.hint}
      action={
        <a className="button" data-look="line" data-size="small" href={href} download="audit.ndjson">
          {audit.exported}
        </a>
      }
    >
      <Loaded query={query}>
        {({ items }) => {
          const shown = items.filter(({ action }) => isShown(action));
          if (shown.length === 0) return <p className="muted">{audit.none}</p>;
          return (
            <DataTable label={title} columns={columnsOf(nameOf)} rows={shown} keyOf={({ seq }) => seq} isScrolled />
          );
        }}
      </Loaded>
    </Panel>
  );
}

type Entry = Success<"/api/audit", "get">["items"][number];

const actor = /^user:(\S+)/;

const columnsOf = (nameOf: (userId: string) => string): readonly Column<Entry>[] => {
  const { columns } = audit;
  return [
    { name: columns.when, cell: ({ at }) => <span className="nowrap">{formatDateTime(at)}</span> },
    {
      name: columns.what,
      cell: ({ action, target }) => (
        <span>
          {action} <span className="small muted mono wrapped">{target}</span>
        </span>
      ),
    },
    {
      name: columns.who,
      cell: (entry) => {
        const userId = actor.exec(entry.actor)?.[1];
        return <span className="small muted">{userId === undefined ? entry.actor : nameOf(userId)}</span>;
      },
    },
    { name: columns.why, cell: ({ reason }) => reason },
  ];
};

/** Whose ids stand in a log: one's own, and those of the members of the org. */
function usePeople(orgId: string | null): (userId: string) => string {
  const me = useQuery(sessionQuery).data?.userId;
  const members = useQuery({ ...membersQuery(orgId ?? ""), enabled: orgId !== null }).data?.items;
  return (userId) =>
    userId === me ? audit.you : (members?.find((member) => member.userId === userId)?.email ?? userId);
}
