import { useQuery } from "@tanstack/react-query";
import { auditQuery } from "../api/queries.ts";
import { audit } from "../copy/audit.ts";
import { formatDateTime } from "../domain/format.ts";
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
          return <Entries items={shown} title={title} />;
        }}
      </Loaded>
    </Panel>
  );
}

interface Entry {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly reason: string | null;
}

function Entries({ items, title }: { readonly items: readonly Entry[]; readonly title: string }) {
  const { columns } = audit;
  return (
    <div className="table-frame scrolled" tabIndex={0} role="group" aria-label={title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{columns.when}</th>
            <th scope="col">{columns.what}</th>
            <th scope="col">{columns.who}</th>
            <th scope="col">{columns.why}</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ seq, at, actor, action, target, reason }) => (
            <tr key={seq}>
              <td className="nowrap">{formatDateTime(at)}</td>
              <td>
                {action} <span className="small muted mono">{target}</span>
              </td>
              <td className="small mono muted">{actor.split(" ")[0]}</td>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
