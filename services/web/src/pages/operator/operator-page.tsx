import { useQuery } from "@tanstack/react-query";
import { isProblem } from "../../api/problem.ts";
import { statsQuery } from "../../api/operator-queries.ts";
import { operator } from "../../copy/operator.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { LiveMark } from "../../ui/live.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PageHeading } from "../../ui/panel.tsx";
import { Consistency } from "./consistency.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { Providers } from "./providers.tsx";
import { Revenue } from "./revenue.tsx";
import { Tenants } from "./tenants.tsx";

const shownDays = 30;

export function Page() {
  const stats = useQuery(statsQuery(shownDays));
  if (isProblem(stats.error, "operator_required")) {
    return (
      <>
        <PageHeading title={operator.title} />
        <Notice
          tone="warn"
          action={
            <ButtonLink size="small" to="/account">
              {operator.setUp}
            </ButtonLink>
          }
        >
          {operator.needed}
        </Notice>
      </>
    );
  }
  return (
    <>
      <PageHeading title={operator.title} action={<LiveMark />} />
      <div className="panels">
        <Providers />
        <Consistency />
      </div>
      <DeadLetters />
      <Revenue />
      <Tenants />
    </>
  );
}
