import { useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { byok, ownEndpoint, providers } from "../../copy/byok.ts";
import { reorder } from "../../domain/reorder.ts";
import { ActButton, ConfirmButton } from "../../ui/act-button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { Tag } from "../../ui/panel.tsx";
import { states } from "../../copy/site.ts";
import { type Credential, CredentialFields, labelOf, restrictionsOf } from "./credential-fields.tsx";

const tones = { valid: "good", invalid: "bad", unverified: undefined } as const;
const stateTones = { active: "good", blocked: "warn", disabled: "bad" } as const;
const nameOf = (provider: string): string => providers.find(([id]) => id === provider)?.[1] ?? provider;

/** In the order in which they are tried. */
export function CredentialTable({ items }: { readonly items: readonly Credential[] }) {
  const queries = useQueryClient();
  const ordered = items.toSorted((a, b) => a.order - b.order || a.createdAt.localeCompare(b.createdAt));
  const reload = async (): Promise<void> => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["byok"] }),
      queries.invalidateQueries({ queryKey: ["audit"] }),
    ]);
  };
  const move = async (id: string, by: -1 | 1): Promise<void> => {
    for (const { id: credentialId, order } of reorder(ordered, id, by))
      await bodyOf(api.PATCH("/api/byok/{credentialId}", { params: { path: { credentialId } }, body: { order } }));
    await reload();
  };
  return (
    <DataTable label={byok.title} columns={columnsOf(ordered, move, reload)} rows={ordered} keyOf={({ id }) => id} />
  );
}

function columnsOf(
  ordered: readonly Credential[],
  move: (id: string, by: -1 | 1) => Promise<void>,
  reload: () => Promise<void>,
): readonly Column<Credential>[] {
  const { columns } = byok;
  return [
    { name: columns.label, kind: "head", cell: ({ label }) => label },
    { name: columns.provider, cell: ({ provider }) => nameOf(provider) },
    { name: columns.key, cell: ({ lastFour }) => <code className="nowrap">…{lastFour}</code> },
    { name: columns.calls, cell: (credential) => servedBy(credential) },
    {
      name: columns.state,
      cell: ({ state, status }) => (
        <span className="row tags">
          <Tag tone={stateTones[state]}>{byok.states[state]}</Tag>
          <Tag tone={tones[status]}>{byok.status[status]}</Tag>
        </span>
      ),
    },
    {
      name: columns.order,
      cell: ({ id, label }) => (
        <span className="row tags">
          {id !== ordered[0]?.id && (
            <ActButton label="↑" name={byok.up(label)} size="small" look="quiet" act={() => move(id, -1)} />
          )}
          {id !== ordered.at(-1)?.id && (
            <ActButton label="↓" name={byok.down(label)} size="small" look="quiet" act={() => move(id, 1)} />
          )}
        </span>
      ),
    },
    {
      name: columns.actions,
      kind: "actions",
      cell: (credential) => <CredentialActions credential={credential} reload={reload} />,
    },
  ];
}

/** Which calls it is for. */
function servedBy({ provider, allowedModels, allowedMembers }: Credential): string {
  if (provider === ownEndpoint && allowedModels === null) return byok.noCalls;
  const only = [
    ...(allowedModels === null ? [] : [byok.onlyModels(allowedModels)]),
    ...(allowedMembers === null ? [] : [byok.onlyMembers(allowedMembers.length)]),
  ];
  return only.length === 0 ? byok.allCalls : only.join(", ");
}

interface CredentialActionsProps {
  readonly credential: Credential;
  readonly reload: () => Promise<void>;
}

function CredentialActions({ credential, reload }: CredentialActionsProps) {
  const { id, label, orgId } = credential;
  const params = { path: { credentialId: id } };
  return (
    <>
      <ConfirmButton
        label={byok.change}
        title={byok.changeTitle(label)}
        submit={states.save}
        submitLook="solid"
        act={async (form) => {
          const body = { ...labelOf(form), ...restrictionsOf(form, credential) };
          await bodyOf(api.PATCH("/api/byok/{credentialId}", { params, body }));
          await reload();
        }}
      >
        <CredentialFields orgId={orgId} credential={credential} />
      </ConfirmButton>
      <ConfirmButton
        label={byok.rotate}
        title={byok.rotateTitle(label)}
        submitLook="solid"
        act={async (form) => {
          const body = { key: textOf(form, "key") };
          await bodyOf(api.POST("/api/byok/{credentialId}/rotate", { params, body }));
          await reload();
        }}
      >
        <p>{byok.rotateLead}</p>
        <TextField label={byok.key} name="key" type="password" autoComplete="off" mono required />
      </ConfirmButton>
      <ConfirmButton
        label={byok.revoke}
        title={byok.revokeTitle(label)}
        act={async (form) => {
          const body = { reason: textOf(form, "reason") };
          await bodyOf(api.DELETE("/api/byok/{credentialId}", { params, body }));
          await reload();
        }}
      >
        <p>{byok.revokeLead}</p>
        <TextField label={byok.reason} hint={byok.reasonHint} name="reason" required maxLength={100} />
      </ConfirmButton>
    </>
  );
}
