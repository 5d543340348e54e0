import type { Success } from "../../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { addPasskey, canUsePasskeys } from "../../api/passkeys.ts";
import { passkeysQuery } from "../../api/queries.ts";
import { account } from "../../copy/account.ts";
import { formatDate, formatRelative } from "../../domain/format.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { useNowMs } from "../../ui/clock.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";

type Passkey = Success<"/api/auth/passkeys", "get">["items"][number];

const { passkeys: words } = account;

export function Passkeys() {
  const query = useQuery(passkeysQuery);
  const queries = useQueryClient();
  const nowMs = useNowMs();
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: ["passkeys"] });
  const add = async (form: FormData): Promise<void> => {
    await addPasskey(textOf(form, "name"));
    await reload();
  };
  const remove = async (passkeyId: string): Promise<void> => {
    await bodyOf(api.DELETE("/api/auth/passkeys/{passkeyId}", { params: { path: { passkeyId } } }));
    await reload();
  };
  return (
    <Panel
      title={words.title}
      hint={words.lead}
      action={
        canUsePasskeys() && (
          <ConfirmButton label={words.add} title={words.addTitle} look="line" submitLook="solid" act={add}>
            <p className="muted">{words.addLead}</p>
            <TextField label={words.name} hint={words.nameHint} name="name" required maxLength={100} />
          </ConfirmButton>
        )
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{canUsePasskeys() ? words.none : words.cannot}</p>
          ) : (
            <DataTable label={words.title} columns={columnsOf(nowMs, remove)} rows={items} keyOf={({ id }) => id} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function columnsOf(nowMs: number, remove: (id: string) => Promise<void>): readonly Column<Passkey>[] {
  const { columns } = words;
  return [
    { name: columns.name, kind: "head", cell: ({ name }) => name },
    { name: columns.added, cell: ({ createdAt }) => formatDate(createdAt) },
    {
      name: columns.used,
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? words.never : formatRelative(lastUsedAt, nowMs)),
    },
    {
      name: columns.actions,
      kind: "actions",
      cell: ({ id, name }) => (
        <ConfirmButton label={words.remove} title={words.removeTitle(name)} act={() => remove(id)}>
          <p>{words.removeLead}</p>
        </ConfirmButton>
      ),
    },
  ];
}
