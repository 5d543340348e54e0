import { useQuery } from "@tanstack/react-query";
import { Navigate, useSearchParams } from "react-router";
import { isProblem } from "../../api/problem.ts";
import { subscriptionQuery, tiersQuery } from "../../api/queries.ts";
import { billing } from "../../copy/billing.ts";
import { isSubscribed } from "../../domain/plan-choice.ts";
import { Notice } from "../../ui/notice.tsx";
import { PageHeading } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";
import { pathIn, useWorkspace } from "../../ui/workspace.ts";
import { ChangePlan } from "./change-plan.tsx";
import { rememberedPayer } from "./checkout-return.ts";
import { CurrentPlan } from "./current-plan.tsx";
import { Invoices } from "./invoices.tsx";

export function Page() {
  const { orgId } = useWorkspace();
  const [params] = useSearchParams();
  const { tiers } = useQuery(tiersQuery).data;
  const isPaid = params.get("checkout") === "done";
  // The payment provider tells us a moment after it has sent the person back; the bus tells the page.
  const subscription = useQuery(subscriptionQuery(orgId));
  const payer = isPaid ? rememberedPayer() : null;
  if (payer !== null && orgId === null) return <Navigate to={`${pathIn("/billing", payer)}&checkout=done`} replace />;
  if (isProblem(subscription.error, "owner_only")) {
    return (
      <>
        <PageHeading title={billing.title} />
        <Notice tone="warn">{billing.personalOnly}</Notice>
      </>
    );
  }
  return (
    <>
      <PageHeading title={billing.title} />
      <Loaded query={subscription}>
        {(current) => (
          <>
            {isPaid && !isSubscribed(current) && <Notice>{billing.confirming}</Notice>}
            <CurrentPlan subscription={current} orgId={orgId} />
            <ChangePlan
              key={orgId}
              subscription={current}
              tiers={tiers}
              orgId={orgId}
              asked={{ plan: params.get("plan"), interval: params.get("interval") }}
            />
            <Invoices orgId={orgId} />
          </>
        )}
      </Loaded>
    </>
  );
}
