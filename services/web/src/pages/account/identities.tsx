import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { goToLink } from "../../api/oidc.ts";
import { identitiesQuery, methodsQuery } from "../../api/queries.ts";
import { account } from "../../copy/account.ts";
import type { Success } from "../../domain/answers.ts";
import { formatDate, formatRelative } from "../../domain/format.ts";
import { ActButton, ConfirmButton } from "../../ui/act-button.tsx";
import { useNowMs } from "../../ui/clock.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

type IdentityView = Success<"/api/auth/identities", "get">["items"][number];

const { identities: words } = account;

/** Only where there is a provider. */
export function Identities() {
  const oidc = useQuery(methodsQuery).data?.oidc ?? null;
  return oidc === null ? null : <IdentitiesOf name={oidc.name} />;
}

function IdentitiesOf({ name }: { readonly name: string }) {
  const query = useQuery(identitiesQuery);
  const queries = useQueryClient();
  const nowMs = useNowMs();
  const unlink = async (identityId: string): Promise<void> => {
    await bodyOf(api.DELETE("/api/auth/identities/{identityId}", { params: { path: { identityId } } }));
    await Promise.all(["identities", "audit"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  return (
    <Panel
      title={words.title(name)}
      hint={words.lead}
      action={query.data?.items.length === 0 && <ActButton label={words.link(name)} act={goToLink} size="small" />}
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{words.none}</p>
          ) : (
            <DataTable
              label={words.title(name)}
              columns={columnsOf(nowMs, unlink)}
              rows={items}
              keyOf={({ id }) => id}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function columnsOf(nowMs: number, unlink: (id: string) => Promise<void>): readonly Column<IdentityView>[] {
  const { columns } = words;
  return [
    { name: columns.who, kind: "head", cell: ({ email }) => email ?? words.nameless },
    { name: columns.linked, cell: ({ createdAt }) => formatDate(createdAt) },
    {
      name: columns.used,
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? words.never : formatRelative(lastUsedAt, nowMs)),
    },
    {
      name: columns.actions,
      kind: "actions",
      cell: ({ id, email }) => (
        <ConfirmButton label={words.unlink} title={words.unlinkTitle(email ?? words.nameless)} act={() => unlink(id)}>
          <p>{words.unlinkLead}</p>
        </ConfirmButton>
      ),
    },
  ];
}
