import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, bodyOf } from "../../api/client.ts";
import { sessionsQuery } from "../../api/queries.ts";
import { account } from "../../copy/account.ts";
import { formatDate, formatRelative } from "../../domain/format.ts";
import { ActButton } from "../../ui/act-button.tsx";
import { useNowMs } from "../../ui/clock.ts";
import { Panel, Tag } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

const maxNameLength = 60;

export function Sessions() {
  const query = useQuery(sessionsQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const nowMs = useNowMs();
  const { columns } = account;
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
    <Panel title={account.sessions} action={<ActButton label={account.everywhere} size="small" act={endAll} />}>
      <Loaded query={query}>
        {({ items }) => (
          <div className="table-frame" tabIndex={0} role="group" aria-label={account.sessions}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{columns.where}</th>
                  <th scope="col">{columns.seen}</th>
                  <th scope="col">{columns.since}</th>
                  <th scope="col">{columns.factor}</th>
                  <th scope="col">
                    <span className="unseen">{columns.actions}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map(({ id, current, address, userAgent, createdAt, lastSeenAt, secondFactor }) => (
                  <tr key={id}>
                    <th scope="row">
                      <span className="mono">{address}</span> {current && <Tag tone="good">{account.here}</Tag>}
                      <div className="small muted">
                        {userAgent === "" ? account.unknown : userAgent.slice(0, maxNameLength)}
                      </div>
                    </th>
                    <td>{formatRelative(lastSeenAt, nowMs)}</td>
                    <td>{formatDate(createdAt)}</td>
                    <td>{secondFactor ? account.yes : account.no}</td>
                    <td>
                      <div className="actions">
                        {!current && <ActButton label={account.end} size="small" look="quiet" act={() => end(id)} />}
                      </div>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
