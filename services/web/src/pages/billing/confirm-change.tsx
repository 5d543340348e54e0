import type { Success } from "../../domain/answers.ts";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { billing } from "../../copy/billing.ts";
import { states } from "../../copy/site.ts";
import { formatCents, formatDate } from "../../domain/format.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Form } from "../../ui/form.tsx";
import { Notice } from "../../ui/notice.tsx";
import { usePlanNames } from "../../ui/plan-names.ts";
import { textOfChoice } from "./choice-text.ts";

type Preview = Success<"/api/billing/change-plan/preview", "post">;
type Outcome = Success<"/api/billing/change-plan", "post">;

interface ConfirmChangeProps {
  readonly preview: Preview;
  readonly orgId: string | null;
  readonly onClose: () => void;
}

/** What a change costs and when it comes, as the payment provider computed it; then the change itself. */
export function ConfirmChange({ preview, orgId, onClose }: ConfirmChangeProps) {
  const queries = useQueryClient();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const nameOf = usePlanNames();
  const { timing, target, now, effectiveAt } = preview;
  const change = async (): Promise<void> => {
    const query = orgId === null ? {} : { org: orgId };
    const body = { ...target, ...(now === null ? {} : { prorationDate: now.prorationDate }) };
    setOutcome(await bodyOf(api.POST("/api/billing/change-plan", { params: { query }, body })));
  };
  const close = (): void => {
    onClose();
    for (const key of ["subscription", "invoices", "limits", "byok", "org"])
      void queries.invalidateQueries({ queryKey: [key] });
  };
  return (
    <Dialog title={billing.confirmTitle} onClose={close}>
      {outcome === null && timing !== "same" ? (
        <>
          <p>
            <strong>{textOfChoice(nameOf, target)}</strong>
          </p>
          <p>{textOf(timing, now, effectiveAt)}</p>
          {now !== null && <Lines now={now} />}
          <Form submit={billing.confirm[timing]} act={change} beside={<Button onClick={close}>{states.cancel}</Button>}>
            {null}
          </Form>
        </>
      ) : (
        <>
          <Notice
            tone={outcome?.outcome === "payment_required" ? "warn" : "good"}
            action={
              outcome?.paymentUrl != null && (
                <a className="button" data-look="solid" data-size="small" href={outcome.paymentUrl}>
                  {billing.pay}
                </a>
              )
            }
          >
            {outcome === null ? billing.same : billing.outcomes[outcome.outcome]}
          </Notice>
          <div className="dialog-end">
            <Button look="solid" onClick={close}>
              {states.close}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

function textOf(timing: Preview["timing"], now: Preview["now"], effectiveAt: string | null): string {
  if (timing === "now" && now !== null)
    return now.dueCents > 0 ? billing.now(formatCents(now.dueCents)) : billing.credited(formatCents(-now.dueCents));
  return effectiveAt === null ? billing.laterUnknown : billing.later(formatDate(effectiveAt));
}

function Lines({ now }: { readonly now: NonNullable<Preview["now"]> }) {
  return (
    <table>
      <tbody>
        {now.lines.map(({ description, amountCents }) => (
          <tr key={`${description} ${amountCents}`}>
            <td>{description}</td>
            <td className="num">{formatCents(amountCents)}</td>
          </tr>
        ))}
        {now.taxCents > 0 && (
          <tr>
            <td className="muted" colSpan={2}>
              {billing.tax(formatCents(now.taxCents))}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
