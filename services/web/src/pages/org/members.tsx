import type { OrgView, Success } from "../../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, bodyOf } from "../../api/client.ts";
import { membersQuery } from "../../api/queries.ts";
import { org as words } from "../../copy/org.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";
import { MemberControls } from "./member-controls.tsx";

type Member = Success<"/api/orgs/{orgId}/members", "get">["items"][number];

interface MembersProps {
  readonly org: OrgView;
  readonly me: string;
}

export function Members({ org, me }: MembersProps) {
  const query = useQuery(membersQuery(org.id));
  const { columns } = words;
  return (
    <Panel title={words.members}>
      <Loaded query={query}>
        {({ items }) => (
          <div className="table-frame" tabIndex={0} role="group" aria-label={words.members}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{columns.who}</th>
                  <th scope="col">{columns.role}</th>
                  <th scope="col">{columns.seat}</th>
                  <th scope="col">
                    <span className="unseen">{columns.actions}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((member) => (
                  <Row key={member.userId} org={org} me={me} member={member} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Row({ org, me, member }: MembersProps & { readonly member: Member }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { userId, email, role, active } = member;
  const isMe = userId === me;
  const params = { path: { orgId: org.id, userId } };
  const isChangeable = org.deletionDueAt === null && role !== "owner" && mayChange(org, role);
  const reload = async (): Promise<void> => {
    await Promise.all(["members", "org", "orgs"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  const remove = async (form: FormData): Promise<void> => {
    const reason = textOf(form, "reason");
    const query = reason === "" ? {} : { reason };
    await bodyOf(api.DELETE("/api/orgs/{orgId}/members/{userId}", { params: { ...params, query } }));
    if (isMe) await navigate("/org");
    await reload();
  };
  const offer = async (): Promise<void> => {
    await bodyOf(
      api.POST("/api/orgs/{orgId}/ownership-offer", { params: { path: { orgId: org.id } }, body: { userId } }),
    );
    await reload();
  };
  return (
    <tr>
      <th scope="row">
        {email} {isMe && <span className="muted small">({words.you})</span>}
      </th>
      <MemberControls org={org} member={member} isChangeable={isChangeable && !isMe} onChanged={reload} />
      <td>
        <div className="actions">
          {org.role === "owner" && !isMe && active && (
            <ConfirmButton label={words.offer} title={words.offerTitle(email)} submitLook="solid" act={offer}>
              <p>{words.offerLead}</p>
            </ConfirmButton>
          )}
          {(isMe ? role !== "owner" : isChangeable) && (
            <ConfirmButton
              label={isMe ? words.leave : words.remove}
              title={isMe ? words.leaveTitle : words.removeTitle(email)}
              act={remove}
            >
              <p>{isMe ? words.leaveLead : words.removeLead}</p>
              <TextField label={words.reason} name="reason" maxLength={100} />
            </ConfirmButton>
          )}
        </div>
      </td>
    </tr>
  );
}

/** As the server decides it: the owner changes all others, an admin with a seat changes members. */
const mayChange = (org: OrgView, role: Member["role"]): boolean =>
  org.active && (org.role === "owner" || (org.role === "admin" && role === "member"));
