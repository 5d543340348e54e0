import { useQuery } from "@tanstack/react-query";
import { orgQuery } from "../../api/queries.ts";
import { sessionQuery } from "../../api/session-query.ts";
import { AuditLog } from "../../ui/audit-log.tsx";
import { Loaded } from "../../ui/states.tsx";
import { runsOrg, useWorkspace } from "../../ui/workspace.ts";
import { Invitations } from "./invitations.tsx";
import { Members } from "./members.tsx";
import { ModelRules } from "./model-rules.tsx";
import { OrgHead } from "./org-head.tsx";
import { Orgs } from "./orgs.tsx";
import { DailyUsage, Pool } from "./pool.tsx";
import { ServiceAccounts } from "./service-accounts.tsx";

export function Page() {
  const { orgId } = useWorkspace();
  return orgId === null ? <Orgs /> : <OrgOf key={orgId} orgId={orgId} />;
}

function OrgOf({ orgId }: { readonly orgId: string }) {
  const query = useQuery(orgQuery(orgId));
  const me = useQuery(sessionQuery).data?.userId ?? "";
  return (
    <Loaded query={query}>
      {(org) => {
        const runsIt = runsOrg(org);
        const seesUsage = runsIt || org.role === "billing";
        return (
          <>
            <OrgHead org={org} me={me} />
            <Pool orgId={orgId} />
            <Members org={org} me={me} />
            {runsIt && <Invitations org={org} />}
            {runsIt && <ServiceAccounts org={org} />}
            {runsIt && <ModelRules org={org} />}
            {seesUsage && <DailyUsage orgId={orgId} />}
            {runsIt && <AuditLog orgId={orgId} />}
          </>
        );
      }}
    </Loaded>
  );
}
