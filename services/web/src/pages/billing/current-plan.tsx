import type { SubscriptionView } from "../../domain/answers.ts";
import { useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { billing } from "../../copy/billing.ts";
import { formatDate } from "../../domain/format.ts";
import { isSubscribed } from "../../domain/plan-choice.ts";
import { ActButton, ConfirmButton } from "../../ui/act-button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { textOfChoice } from "./choice-text.ts";
import { Panel, Tag } from "../../ui/panel.tsx";
import { usePlanNames } from "../../ui/plan-names.ts";

interface CurrentPlanProps {
  readonly subscription: SubscriptionView;
  readonly orgId: string | null;
}

const tones = { active: "good", trialing: "good", past_due: "bad", canceled: undefined } as const;

export function CurrentPlan({ subscription, orgId }: CurrentPlanProps) {
  const queries = useQueryClient();
  const { planName, interval, seats, activeMembers, status, payment } = subscription;
  const query = orgId === null ? {} : { org: orgId };
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: ["subscription"] });
  const resume = async (): Promise<void> => {
    await bodyOf(api.POST("/api/billing/resume", { params: { query } }));
    await reload();
  };
  const cancel = async (): Promise<void> => {
    await bodyOf(api.POST("/api/billing/cancel", { params: { query } }));
    await reload();
  };
  const openPortal = async (): Promise<void> => {
    const { url } = await bodyOf(api.POST("/api/billing/portal", { params: { query } }));
    location.assign(url);
  };
  const { facts } = billing;
  const rows: (readonly [string, string] | null)[] = [
    [facts.interval, billing.intervals[interval]],
    orgId === null ? null : [facts.seats, billing.perSeat(seats, activeMembers)],
    payment?.trialEndsAt == null ? null : [facts.trial, formatDate(payment.trialEndsAt)],
    payment?.renewsAt == null || payment.endsAt !== null ? null : [facts.renews, formatDate(payment.renewsAt)],
  ];
  return (
    <Panel title={planName} action={<Tag tone={tones[status]}>{billing.statuses[status]}</Tag>}>
      <div className="stack">
        {isSubscribed(subscription) ? (
          <dl className="facts">
            {rows
              .filter((row) => row !== null)
              .map(([label, value]) => (
                <div key={label} className="fact">
                  <dt>{label}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
          </dl>
        ) : (
          <p>{subscription.plan === "free" ? billing.free : billing.intervals[interval]}</p>
        )}
        {payment !== null && <Coming payment={payment} onResume={resume} />}
        {isSubscribed(subscription) && (
          <div className="row">
            <ActButton label={billing.portal} size="small" act={openPortal} />
            {payment?.endsAt == null && (
              <ConfirmButton label={billing.cancel} title={billing.cancelTitle(planName)} act={cancel}>
                <p>{billing.cancelLead}</p>
              </ConfirmButton>
            )}
          </div>
        )}
      </div>
    </Panel>
  );
}

interface ComingProps {
  readonly payment: NonNullable<SubscriptionView["payment"]>;
  readonly onResume: () => Promise<void>;
}

/** What is owed, and what is going to change. */
function Coming({ payment, onResume }: ComingProps) {
  const { scheduledChange, endsAt, graceEndsAt, paymentUrl, changePending, status } = payment;
  const nameOf = usePlanNames();
  const takeBack = <ActButton label={billing.takeBack} size="small" act={onResume} />;
  const pay = paymentUrl !== null && (
    <a className="button" data-look="solid" data-size="small" href={paymentUrl}>
      {billing.pay}
    </a>
  );
  return (
    <>
      {status === "past_due" && (
        <Notice tone="bad" action={pay}>
          {graceEndsAt === null ? billing.owedNow : billing.owed(formatDate(graceEndsAt))}
        </Notice>
      )}
      {changePending && (
        <Notice tone="warn" action={pay}>
          {billing.pending}
        </Notice>
      )}
      {endsAt !== null && (
        <Notice tone="warn" action={takeBack}>
          {billing.cancelled(formatDate(endsAt))}
        </Notice>
      )}
      {scheduledChange !== null && (
        <Notice action={takeBack}>
          {billing.scheduled(textOfChoice(nameOf, scheduledChange), formatDate(scheduledChange.at))}
        </Notice>
      )}
    </>
  );
}
