import type { Success } from "../../domain/answers.ts";
import { useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { byok, providers } from "../../copy/byok.ts";
import { reorder } from "../../domain/reorder.ts";
import { ActButton, ConfirmButton } from "../../ui/act-button.tsx";
import { TextField } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { Tag } from "../../ui/panel.tsx";

type Credential = Success<"/api/byok", "get">["items"][number];

const tones = { valid: "good", invalid: "bad", unverified: undefined } as const;
const stateTones = { active: "good", blocked: "warn", disabled: "bad" } as const;
const nameOf = (provider: string): string => providers.find(([id]) => id === provider)?.[1] ?? provider;

export function CredentialTable({ items }: { readonly items: readonly Credential[] }) {
  const { columns } = byok;
  const ordered = items.toSorted((a, b) => a.order - b.order || a.createdAt.localeCompare(b.createdAt));
  return (
    <div className="table-frame" tabIndex={0} role="group" aria-label={byok.title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{columns.label}</th>
            <th scope="col">{columns.provider}</th>
            <th scope="col">{columns.key}</th>
            <th scope="col">{columns.state}</th>
            <th scope="col">{columns.order}</th>
            <th scope="col">
              <span className="unseen">{columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {ordered.map((one, index) => (
            <Row key={one.id} credential={one} index={index} ordered={ordered} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly credential: Credential;
  readonly index: number;
  readonly ordered: readonly Credential[];
}

function Row({ credential, index, ordered }: RowProps) {
  const queries = useQueryClient();
  const { id, label, provider, lastFour, status, state } = credential;
  const params = { path: { credentialId: id } };
  const reload = async (): Promise<void> => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["byok"] }),
      queries.invalidateQueries({ queryKey: ["audit"] }),
    ]);
  };
  const move = async (by: -1 | 1): Promise<void> => {
    for (const { id: credentialId, order } of reorder(ordered, id, by))
      await bodyOf(api.PATCH("/api/byok/{credentialId}", { params: { path: { credentialId } }, body: { order } }));
    await reload();
  };
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{nameOf(provider)}</td>
      <td>
        <code>…{lastFour}</code>
      </td>
      <td>
        <span className="row tags">
          <Tag tone={stateTones[state]}>{byok.states[state]}</Tag>
          <Tag tone={tones[status]}>{byok.status[status]}</Tag>
        </span>
      </td>
      <td>
        <span className="row tags">
          {index > 0 && <ActButton label="↑" name={byok.up(label)} size="small" look="quiet" act={() => move(-1)} />}
          {index < ordered.length - 1 && (
            <ActButton label="↓" name={byok.down(label)} size="small" look="quiet" act={() => move(1)} />
          )}
        </span>
      </td>
      <td>
        <div className="actions">
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
        </div>
      </td>
    </tr>
  );
}
