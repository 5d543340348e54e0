import type { Success } from "../../domain/answers.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { withProof } from "../../api/proof.ts";
import { credentialsQuery } from "../../api/queries.ts";
import { byok } from "../../copy/byok.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PageHeading, Panel } from "../../ui/panel.tsx";
import { ProblemDialog } from "../../ui/problem-dialog.tsx";
import { Blank, Loaded } from "../../ui/states.tsx";
import { AuditLog } from "../../ui/audit-log.tsx";
import { pathIn, runsOrg, useWorkspace } from "../../ui/workspace.ts";
import { AddCredentialButton } from "./add-credential-button.tsx";
import { CredentialTable } from "./credential-table.tsx";

type Credentials = Success<"/api/byok", "get">;

const isAboutCredentials = (action: string): boolean => action.startsWith("credential") || action.startsWith("byok");

export function Page() {
  const { orgId, org } = useWorkspace();
  const query = useQuery(credentialsQuery(orgId));
  if (org !== undefined && !runsOrg(org)) {
    const own = (
      <ButtonLink size="small" to="/byok">
        {byok.own}
      </ButtonLink>
    );
    return (
      <>
        <PageHeading title={byok.title} lead={byok.orgLead} />
        <Notice action={own}>{byok.membersOnly}</Notice>
      </>
    );
  }
  return (
    <>
      <PageHeading
        title={byok.title}
        lead={orgId === null ? byok.lead : byok.orgLead}
        action={<AddCredentialButton orgId={orgId} />}
      />
      <Loaded query={query}>
        {(page) => (
          <>
            <Capacity page={page} orgId={orgId} />
            {page.items.length === 0 ? (
              <Blank title={byok.none}>{byok.noneLead}</Blank>
            ) : (
              <Panel title={byok.title}>
                <CredentialTable items={page.items} />
              </Panel>
            )}
            <AuditLog orgId={orgId} title={byok.audit} isShown={isAboutCredentials} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Capacity({ page, orgId }: { readonly page: Credentials; readonly orgId: string | null }) {
  const { used, capacity } = page;
  return (
    <>
      {used >= capacity && (
        <Notice
          tone={used > capacity ? "bad" : "warn"}
          action={
            <ButtonLink size="small" to={pathIn("/billing", orgId)}>
              {byok.plans}
            </ButtonLink>
          }
        >
          {used > capacity ? byok.over(used, capacity) : capacity === 0 ? byok.noSlots : byok.full}
        </Notice>
      )}
      <Panel title={byok.capacity}>
        <div className="stack">
          <Meter
            label={byok.stored}
            used={used}
            limit={capacity}
            of={byok.of(capacity)}
            note={byok.left(used, capacity)}
          />
          <Fallback isOn={page.fallback} orgId={orgId} />
        </div>
      </Panel>
    </>
  );
}

function Fallback({ isOn, orgId }: { readonly isOn: boolean; readonly orgId: string | null }) {
  const queries = useQueryClient();
  const choose = useMutation({
    mutationFn: (fallback: boolean) => {
      const body = { fallback, ...(orgId === null ? {} : { orgId }) };
      return withProof(() => bodyOf(api.PUT("/api/byok-settings", { body })));
    },
    onSuccess: () => Promise.all(["byok", "audit"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <>
      <label className="check">
        <input
          type="checkbox"
          checked={choose.isPending ? choose.variables : isOn}
          disabled={choose.isPending}
          onChange={({ target }) => choose.mutate(target.checked)}
        />
        <span>
          {byok.fallback}
          <span className="small muted block">{byok.fallbackHint}</span>
        </span>
      </label>
      <ProblemDialog title={byok.fallback} error={choose.error} onClose={() => choose.reset()} />
    </>
  );
}
