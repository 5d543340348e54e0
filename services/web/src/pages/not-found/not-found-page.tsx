import { states } from "../../copy/site.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { PageHeading } from "../../ui/panel.tsx";

export function Page() {
  return (
    <div className="narrow stack">
      <PageHeading title={states.notFound} lead={states.notFoundAdvice} />
      <div>
        <ButtonLink to="/">{states.home}</ButtonLink>
      </div>
    </div>
  );
}
