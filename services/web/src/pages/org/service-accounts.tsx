import type { OrgView, Success } from "../../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { serviceAccountsQuery } from "../../api/queries.ts";
import { org as words } from "../../copy/org.ts";
import { formatDate } from "../../domain/format.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { NewKeyDialog } from "../../ui/new-key.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

type ServiceAccount = Success<"/api/orgs/{orgId}/service-accounts", "get">["items"][number];

const { accounts } = words;

/** Callers that are no people: their keys charge the org's bucket. */
export function ServiceAccounts({ org }: { readonly org: OrgView }) {
  const query = useQuery(serviceAccountsQuery(org.id));
  const queries = useQueryClient();
  const [secret, setSecret] = useState<string | null>(null);
  const path = { orgId: org.id };
  const reload = async (): Promise<void> => {
    await Promise.all(["service-accounts", "keys"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  const create = async (form: FormData): Promise<void> => {
    await bodyOf(
      api.POST("/api/orgs/{orgId}/service-accounts", { params: { path }, body: { name: textOf(form, "name") } }),
    );
    await reload();
  };
  const remove = async (serviceAccountId: string): Promise<void> => {
    await bodyOf(
      api.DELETE("/api/orgs/{orgId}/service-accounts/{serviceAccountId}", {
        params: { path: { ...path, serviceAccountId } },
      }),
    );
    await reload();
  };
  const makeKey = async (serviceAccountId: string, name: string): Promise<void> => {
    const { key } = await bodyOf(api.POST("/api/keys", { body: { name, orgId: org.id, serviceAccountId } }));
    setSecret(key);
    await reload();
  };
  return (
    <Panel
      title={accounts.title}
      hint={accounts.lead}
      action={
        org.deletionDueAt === null && (
          <ConfirmButton label={accounts.create} title={accounts.create} look="line" submitLook="solid" act={create}>
            <TextField label={accounts.name} hint={accounts.nameHint} name="name" required maxLength={100} />
          </ConfirmButton>
        )
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{accounts.none}</p>
          ) : (
            <DataTable
              label={accounts.title}
              columns={columnsOf(makeKey, remove)}
              rows={items}
              keyOf={({ id }) => id}
            />
          )
        }
      </Loaded>
      {secret !== null && <NewKeyDialog secret={secret} onClose={() => setSecret(null)} />}
    </Panel>
  );
}

function columnsOf(
  makeKey: (id: string, name: string) => Promise<void>,
  remove: (id: string) => Promise<void>,
): readonly Column<ServiceAccount>[] {
  const { columns } = accounts;
  return [
    { name: columns.name, kind: "head", cell: ({ name }) => name },
    { name: columns.made, cell: ({ createdAt }) => formatDate(createdAt) },
    {
      name: columns.actions,
      kind: "actions",
      cell: ({ id, name }) => (
        <>
          <ConfirmButton
            label={accounts.key}
            title={accounts.keyTitle(name)}
            submitLook="solid"
            act={(form) => makeKey(id, textOf(form, "name"))}
          >
            <TextField label={accounts.keyName} name="name" required maxLength={100} />
          </ConfirmButton>
          <ConfirmButton label={accounts.remove} title={accounts.removeTitle(name)} act={() => remove(id)}>
            <p>{accounts.removeLead}</p>
          </ConfirmButton>
        </>
      ),
    },
  ];
}
