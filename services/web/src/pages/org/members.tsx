import type { OrgView } from "../../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, bodyOf } from "../../api/client.ts";
import { membersQuery } from "../../api/queries.ts";
import { ceilings } from "../../copy/ceilings.ts";
import { org as words } from "../../copy/org.ts";
import { formatNumber } from "../../domain/format.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { CeilingButton } from "../../ui/ceiling-button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";
import { type Member, RoleControl, SeatControl } from "./member-controls.tsx";

interface MembersProps {
  readonly org: OrgView;
  readonly me: string;
}

export function Members({ org, me }: MembersProps) {
  const query = useQuery(membersQuery(org.id));
  const queries = useQueryClient();
  const reload = async (): Promise<void> => {
    await Promise.all(["members", "org", "orgs"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  return (
    <Panel title={words.members}>
      <Loaded query={query}>
        {({ items }) => (
          <DataTable
            label={words.members}
            columns={columnsOf({ org, me }, reload)}
            rows={items}
            keyOf={({ userId }) => userId}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function columnsOf({ org, me }: MembersProps, reload: () => Promise<void>): readonly Column<Member>[] {
  const { columns } = words;
  const control = (member: Member) => ({
    org,
    member,
    isChangeable: mayChange(org, member) && member.userId !== me,
    onChanged: reload,
  });
  return [
    {
      name: columns.who,
      kind: "head",
      cell: ({ email, userId }) => (
        <>
          {email} {userId === me && <span className="muted small">({words.you})</span>}
        </>
      ),
    },
    { name: columns.role, cell: (member) => <RoleControl {...control(member)} /> },
    {
      name: ceilings.column,
      cell: ({ dailyCeiling }) => (dailyCeiling === null ? ceilings.none : ceilings.atMost(formatNumber(dailyCeiling))),
    },
    { name: columns.seat, cell: (member) => <SeatControl {...control(member)} /> },
    {
      name: columns.actions,
      kind: "actions",
      cell: (member) => <MemberActions org={org} me={me} member={member} reload={reload} />,
    },
  ];
}

interface MemberActionsProps extends MembersProps {
  readonly member: Member;
  readonly reload: () => Promise<void>;
}

function MemberActions({ org, me, member, reload }: MemberActionsProps) {
  const navigate = useNavigate();
  const { userId, email, role, active } = member;
  const isMe = userId === me;
  const params = { path: { orgId: org.id, userId } };
  const remove = async (form: FormData): Promise<void> => {
    const reason = textOf(form, "reason");
    const query = reason === "" ? {} : { reason };
    await bodyOf(api.DELETE("/api/orgs/{orgId}/members/{userId}", { params: { ...params, query } }));
    if (isMe) await navigate("/org");
    await reload();
  };
  const limit = async (dailyCeiling: number | null): Promise<void> => {
    await bodyOf(api.PATCH("/api/orgs/{orgId}/members/{userId}", { params, body: { dailyCeiling } }));
    await reload();
  };
  const offer = async (): Promise<void> => {
    await bodyOf(
      api.POST("/api/orgs/{orgId}/ownership-offer", { params: { path: { orgId: org.id } }, body: { userId } }),
    );
    await reload();
  };
  return (
    <>
      {org.role === "owner" && !isMe && active && (
        <ConfirmButton label={words.offer} title={words.offerTitle(email)} submitLook="solid" act={offer}>
          <p>{words.offerLead}</p>
        </ConfirmButton>
      )}
      {!isMe && mayChange(org, member) && (
        <CeilingButton of={email} hint={ceilings.memberHint} value={member.dailyCeiling} set={limit} />
      )}
      {(isMe ? role !== "owner" : mayChange(org, member)) && (
        <ConfirmButton
          label={isMe ? words.leave : words.remove}
          title={isMe ? words.leaveTitle : words.removeTitle(email)}
          act={remove}
        >
          <p>{isMe ? words.leaveLead : words.removeLead}</p>
          <TextField label={words.reason} name="reason" maxLength={100} />
        </ConfirmButton>
      )}
    </>
  );
}

/** As the server decides it: the owner changes all others, an admin with a seat changes members. */
const mayChange = (org: OrgView, { role }: Member): boolean =>
  org.deletionDueAt === null &&
  role !== "owner" &&
  org.active &&
  (org.role === "owner" || (org.role === "admin" && role === "member"));
