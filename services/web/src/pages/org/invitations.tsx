import type { OrgView, Success } from "../../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { invitationsQuery } from "../../api/queries.ts";
import { org as words } from "../../copy/org.ts";
import { formatDate } from "../../domain/format.ts";
import { ActButton, ConfirmButton } from "../../ui/act-button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Field, TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

type Invitation = Success<"/api/orgs/{orgId}/invitations", "get">["items"][number];

const givenRoles = ["member", "admin", "billing"] as const;

export function Invitations({ org }: { readonly org: OrgView }) {
  const query = useQuery(invitationsQuery(org.id));
  const queries = useQueryClient();
  const path = { orgId: org.id };
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: ["invitations"] });
  const invite = async (form: FormData): Promise<void> => {
    const role = givenRoles.find((one) => one === textOf(form, "role")) ?? "member";
    const body = { email: textOf(form, "email"), role };
    await bodyOf(api.POST("/api/orgs/{orgId}/invitations", { params: { path }, body }));
    await reload();
  };
  const revoke = async (invitationId: string): Promise<void> => {
    await bodyOf(
      api.DELETE("/api/orgs/{orgId}/invitations/{invitationId}", { params: { path: { ...path, invitationId } } }),
    );
    await reload();
  };
  const roles = org.role === "owner" ? givenRoles : (["member"] as const);
  return (
    <Panel
      title={words.invitations}
      action={
        org.deletionDueAt === null && (
          <ConfirmButton label={words.invite} title={words.invite} look="line" submitLook="solid" act={invite}>
            <p className="muted">{words.inviteLead}</p>
            <TextField label={words.email} name="email" type="email" required />
            <Field label={words.role}>
              {(field) => (
                <select {...field} name="role" className="input">
                  {roles.map((role) => (
                    <option key={role} value={role}>
                      {words.roles[role]}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </ConfirmButton>
        )
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{words.noInvitations}</p>
          ) : (
            <DataTable label={words.invitations} columns={columnsOf(revoke)} rows={items} keyOf={({ id }) => id} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function columnsOf(revoke: (invitationId: string) => Promise<void>): readonly Column<Invitation>[] {
  const { columns } = words;
  return [
    { name: columns.who, kind: "head", cell: ({ email }) => email },
    { name: columns.role, cell: ({ role }) => words.roles[role] },
    { name: columns.lapses, cell: ({ expiresAt }) => formatDate(expiresAt) },
    {
      name: columns.actions,
      kind: "actions",
      cell: ({ id }) => <ActButton label={words.revoke} size="small" look="quiet" act={() => revoke(id)} />,
    },
  ];
}
