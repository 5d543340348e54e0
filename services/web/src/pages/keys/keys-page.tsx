import type { Success } from "../../domain/answers.ts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { keysQuery } from "../../api/queries.ts";
import { keys } from "../../copy/keys.ts";
import { formatDate, formatRelative } from "../../domain/format.ts";
import { ConfirmButton } from "../../ui/act-button.tsx";
import { Button } from "../../ui/button.tsx";
import { useNowMs } from "../../ui/clock.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { textOf } from "../../ui/form.tsx";
import { NewKey } from "../../ui/new-key.tsx";
import { PageHeading, Panel, Tag } from "../../ui/panel.tsx";
import { Blank, Loaded } from "../../ui/states.tsx";
import { useWorkspace } from "../../ui/workspace.ts";
import { CreateKeyButton } from "./create-key-button.tsx";

type ApiKey = Success<"/api/keys", "get">["items"][number];

export function Page() {
  const { orgId } = useWorkspace();
  const query = useQuery(keysQuery(orgId));
  const [secret, setSecret] = useState<string | null>(null);
  const create = <CreateKeyButton orgId={orgId} onCreated={setSecret} />;
  return (
    <>
      <PageHeading title={keys.title} lead={orgId === null ? keys.lead : keys.orgLead} action={create} />
      <Loaded query={query}>
        {({ items }) => {
          const shown = orgId === null ? items.filter((key) => key.orgId === null) : items;
          if (shown.length === 0) return <Blank title={keys.none}>{keys.noneLead}</Blank>;
          return (
            <Panel title={keys.title}>
              <KeyTable items={shown} onRotated={setSecret} />
            </Panel>
          );
        }}
      </Loaded>
      {secret !== null && (
        <Dialog title={keys.made} onClose={() => setSecret(null)}>
          <NewKey secret={secret} />
          <div className="dialog-end">
            <Button look="solid" onClick={() => setSecret(null)}>
              {keys.done}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

interface KeyTableProps {
  readonly items: readonly ApiKey[];
  readonly onRotated: (secret: string) => void;
}

function KeyTable({ items, onRotated }: KeyTableProps) {
  const { columns } = keys;
  return (
    <div className="table-frame" tabIndex={0} role="group" aria-label={keys.title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{columns.name}</th>
            <th scope="col">{columns.key}</th>
            <th scope="col">{columns.scopes}</th>
            <th scope="col">{columns.used}</th>
            <th scope="col">{columns.expires}</th>
            <th scope="col">
              <span className="unseen">{columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((key) => (
            <KeyRow key={key.id} apiKey={key} onRotated={onRotated} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function KeyRow({ apiKey, onRotated }: { readonly apiKey: ApiKey; readonly onRotated: (secret: string) => void }) {
  const queries = useQueryClient();
  const nowMs = useNowMs();
  const { id, name, prefix, lastFour, scopes, lastUsedAt, expiresAt, previousSecretEndsAt } = apiKey;
  const path = { keyId: id };
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: ["keys"] });
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <code>
          {prefix}…{lastFour}
        </code>
        {previousSecretEndsAt !== null && (
          <div className="small muted">{keys.oldEnds(formatRelative(previousSecretEndsAt, nowMs))}</div>
        )}
      </td>
      <td>
        <span className="row tags">
          {scopes.map((scope) => (
            <Tag key={scope}>{keys.scope[scope]}</Tag>
          ))}
        </span>
      </td>
      <td>{lastUsedAt === null ? keys.neverUsed : formatRelative(lastUsedAt, nowMs)}</td>
      <td>{expiresAt === null ? keys.never : formatDate(expiresAt)}</td>
      <td>
        <div className="actions">
          <ConfirmButton
            label={keys.rotate}
            title={keys.rotateTitle(name)}
            submitLook="solid"
            act={async (form) => {
              const overlapSeconds = Number(textOf(form, "overlap"));
              const { key } = await bodyOf(
                api.POST("/api/keys/{keyId}/rotate", { params: { path }, body: { overlapSeconds } }),
              );
              onRotated(key);
              await reload();
            }}
          >
            <p>{keys.rotateLead}</p>
            <Field label={keys.overlap}>
              {(field) => (
                <select {...field} name="overlap" className="input" defaultValue="3600">
                  {Object.entries(keys.overlaps).map(([seconds, label]) => (
                    <option key={seconds} value={seconds}>
                      {label}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </ConfirmButton>
          <ConfirmButton
            label={keys.revoke}
            title={keys.revokeTitle(name)}
            act={async () => {
              await bodyOf(api.DELETE("/api/keys/{keyId}", { params: { path } }));
              await reload();
            }}
          >
            <p>{keys.revokeLead}</p>
          </ConfirmButton>
        </div>
      </td>
    </tr>
  );
}
