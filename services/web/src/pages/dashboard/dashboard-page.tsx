import { dashboard } from "../../copy/dashboard.ts";
import { PageHeading } from "../../ui/panel.tsx";
import { useWorkspace } from "../../ui/workspace.ts";
import { History } from "./history.tsx";
import { Today } from "./today.tsx";

export function Page() {
  const { orgId, org } = useWorkspace();
  return (
    <>
      <PageHeading title={orgId === null ? dashboard.title : (org?.name ?? dashboard.title)} />
      <Today orgId={orgId} />
      <History orgId={orgId} maySeeOrg={org !== undefined && org.role !== "member"} />
    </>
  );
}
