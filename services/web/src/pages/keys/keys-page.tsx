import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keysQuery, membersQuery } from "../../api/queries.ts";
import { sessionQuery } from "../../api/session-query.ts";
import { ceilings } from "../../copy/ceilings.ts";
import { keys } from "../../copy/keys.ts";
import { formatDate, formatNumber, formatRelative } from "../../domain/format.ts";
import { useNowMs } from "../../ui/clock.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { NewKeyDialog } from "../../ui/new-key.tsx";
import { PageHeading, Panel, Tag } from "../../ui/panel.tsx";
import { Blank, Loaded } from "../../ui/states.tsx";
import { runsOrg, useWorkspace } from "../../ui/workspace.ts";
import { CreateKeyButton } from "./create-key-button.tsx";
import { KeyActions } from "./key-actions.tsx";
import { type ApiKey, isRestricted } from "./key-fields.tsx";

export function Page() {
  const { orgId, org, isRefused } = useWorkspace();
  const me = useQuery(sessionQuery).data?.userId;
  const [secret, setSecret] = useState<string | null>(null);
  const nowMs = useNowMs();
  const holderOf = useHolders(orgId);
  const isRun = org !== undefined && runsOrg(org);
  // A member who does not run the org is shown their own keys of it, and no one else's; somebody else is told that there is none.
  const query = useQuery({
    ...keysQuery(isRun || isRefused ? orgId : null),
    enabled: orgId === null || org !== undefined || isRefused,
  });
  const mayLimit = (key: ApiKey): boolean => isRun && (key.serviceAccountId !== null || key.userId !== me);
  const create = <CreateKeyButton orgId={orgId} onCreated={setSecret} />;
  return (
    <>
      <PageHeading title={keys.title} lead={orgId === null ? keys.lead : keys.orgLead} action={create} />
      <Loaded query={query}>
        {({ items }) => {
          const shown = items.filter((key) => key.orgId === orgId);
          if (shown.length === 0) return <Blank title={keys.none}>{keys.noneLead}</Blank>;
          return (
            <Panel title={keys.title}>
              <DataTable
                label={keys.title}
                columns={columnsOf({ nowMs, holderOf, onRotated: setSecret, mayLimit })}
                rows={shown}
                keyOf={({ id }) => id}
              />
            </Panel>
          );
        }}
      </Loaded>
      {secret !== null && <NewKeyDialog secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

/** Whose an org's key is; null in one's own account, where all are one's own. */
function useHolders(orgId: string | null): ((key: ApiKey) => string) | null {
  const members = useQuery({ ...membersQuery(orgId ?? ""), enabled: orgId !== null }).data?.items;
  if (orgId === null) return null;
  return ({ userId, serviceAccountId }) =>
    serviceAccountId === null
      ? (members?.find((member) => member.userId === userId)?.email ?? userId)
      : keys.serviceAccount;
}

interface KeyColumns {
  readonly nowMs: number;
  readonly holderOf: ((key: ApiKey) => string) | null;
  readonly onRotated: (secret: string) => void;
  /** Whether its org's ceiling is one's to set: on everybody's keys but one's own. */
  readonly mayLimit: (key: ApiKey) => boolean;
}

function columnsOf({ nowMs, holderOf, onRotated, mayLimit }: KeyColumns): readonly Column<ApiKey>[] {
  const { columns } = keys;
  return [
    { name: columns.name, kind: "head", cell: ({ name }) => name },
    ...(holderOf === null ? [] : [{ name: columns.holder, cell: holderOf }]),
    {
      name: columns.key,
      cell: ({ prefix, lastFour, previousSecretEndsAt }) => (
        <span>
          <code className="nowrap">
            {prefix}…{lastFour}
          </code>
          {previousSecretEndsAt !== null && (
            <span className="small muted block">{keys.oldEnds(formatRelative(previousSecretEndsAt, nowMs))}</span>
          )}
        </span>
      ),
    },
    { name: columns.scopes, cell: (key) => <Abilities apiKey={key} /> },
    {
      name: columns.used,
      cell: ({ lastUsedAt }) => (
        <span className="nowrap">{lastUsedAt === null ? keys.neverUsed : formatRelative(lastUsedAt, nowMs)}</span>
      ),
    },
    {
      name: columns.expires,
      cell: ({ expiresAt }) => (
        <span className="nowrap">{expiresAt === null ? keys.never : formatDate(expiresAt)}</span>
      ),
    },
    {
      name: columns.actions,
      kind: "actions",
      cell: (key) => <KeyActions apiKey={key} mayLimit={mayLimit(key)} onRotated={onRotated} />,
    },
  ];
}

function Abilities({ apiKey }: { readonly apiKey: ApiKey }) {
  const { scopes, allowedModels, allowedAddresses, dailyCeiling, orgDailyCeiling } = apiKey;
  return (
    <span className="row tags">
      {scopes.map((scope) => (
        <Tag key={scope}>{keys.scope[scope]}</Tag>
      ))}
      {isRestricted(apiKey) && (
        <span className="small muted">
          {[
            ...(allowedModels === null ? [] : [keys.onlyModels(allowedModels.length)]),
            ...(allowedAddresses === null ? [] : [keys.onlyAddresses(allowedAddresses.length)]),
            ...(dailyCeiling === null ? [] : [ceilings.atMost(formatNumber(dailyCeiling))]),
            ...(orgDailyCeiling === null ? [] : [ceilings.byOrg(formatNumber(orgDailyCeiling))]),
          ].join(", ")}
        </span>
      )}
    </span>
  );
}
