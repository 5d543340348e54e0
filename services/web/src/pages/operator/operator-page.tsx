import { useQuery } from "@tanstack/react-query";
import { isProblem } from "../../api/problem.ts";
import { statsQuery } from "../../api/queries.ts";
import { operator } from "../../copy/operator.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PageHeading } from "../../ui/panel.tsx";
import { Revenue } from "./revenue.tsx";

const shownDays = 30;

export function Page() {
  const stats = useQuery(statsQuery(shownDays));
  const isRefused = isProblem(stats.error, "operator_required");
  return (
    <>
      <PageHeading title={operator.title} />
      {isRefused ? (
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
      ) : (
        <Revenue />
      )}
    </>
  );
}
