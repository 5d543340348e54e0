import type { SubscriptionView, Tier } from "../../domain/answers.ts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { withProof } from "../../api/proof.ts";
import { billing } from "../../copy/billing.ts";
import { formatCents } from "../../domain/format.ts";
import { firstChoice, isInForce, isSubscribed, type PlanChoice, plansFor } from "../../domain/plan-choice.ts";
import { seatsWithin, sumSeats } from "../../domain/seat-math.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Notice, ProblemNotice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { SeatsField } from "../../ui/seats-field.tsx";
import { rememberPayer } from "./checkout-return.ts";
import { ConfirmChange } from "./confirm-change.tsx";

interface ChangePlanProps {
  readonly subscription: SubscriptionView;
  readonly tiers: readonly Tier[];
  readonly orgId: string | null;
  /** What a link to this page asked for. */
  readonly asked: { readonly plan: string | null; readonly interval: string | null };
}

const intervals = [
  ["month", billing.intervals.month],
  ["year", billing.intervals.year],
] as const;

export function ChangePlan({ subscription, tiers, orgId, asked }: ChangePlanProps) {
  const offered = plansFor(tiers, orgId !== null);
  const isMissingOrg = orgId === null && tiers.some(({ id, perSeat }) => id === asked.plan && perSeat);
  const first = firstChoice(offered, subscription, asked);
  const subscribed = isSubscribed(subscription);
  return (
    <Panel title={subscribed ? billing.change : billing.choose}>
      <div className="stack">
        {isMissingOrg && (
          <Notice
            tone="warn"
            action={
              <ButtonLink size="small" to="/org">
                {billing.makeOrg}
              </ButtonLink>
            }
          >
            {billing.needOrg}
          </Notice>
        )}
        {first !== null && <PlanForm first={first} offered={offered} orgId={orgId} subscription={subscription} />}
      </div>
    </Panel>
  );
}

interface PlanFormProps {
  readonly first: PlanChoice;
  readonly offered: readonly Tier[];
  readonly orgId: string | null;
  readonly subscription: SubscriptionView;
}

function PlanForm({ first, offered, orgId, subscription }: PlanFormProps) {
  const subscribed = isSubscribed(subscription);
  const [choice, setChoice] = useState(first);
  const [seats, setSeats] = useState(String(first.seats));
  const tier = offered.find(({ id }) => id === choice.plan) ?? offered[0];
  const query = orgId === null ? {} : { org: orgId };
  const wanted = {
    plan: choice.plan,
    interval: choice.interval,
    seats: tier === undefined ? 1 : seatsWithin(tier, Number(seats)),
  };
  const checkout = useMutation({
    mutationFn: () => withProof(() => bodyOf(api.POST("/api/billing/checkout", { params: { query }, body: wanted }))),
    onSuccess: ({ url }) => {
      rememberPayer(orgId);
      location.assign(url);
    },
  });
  const preview = useMutation({
    mutationFn: () => bodyOf(api.POST("/api/billing/change-plan/preview", { params: { query }, body: wanted })),
  });
  if (tier === undefined) return null;
  const act = subscribed ? preview : checkout;
  const choose = (part: Partial<PlanChoice>): void => {
    // What was said of another choice is not said of this one.
    act.reset();
    setChoice({ ...choice, ...part });
  };
  return (
    <div className="stack">
      <Choice
        legend={billing.plan}
        value={choice.plan}
        onChange={(plan) => choose({ plan })}
        options={offered.map(({ id, name, price }) => [id, `${name} ${price.month.display}`] as const)}
      />
      <div className="row">
        <Choice
          legend={billing.interval}
          value={choice.interval}
          onChange={(interval) => choose({ interval })}
          options={intervals}
        />
        {(tier.price.year?.discountPercent ?? 0) > 0 && (
          <span className="small accent">{billing.save(tier.price.year?.discountPercent ?? 0)}</span>
        )}
      </div>
      {tier.perSeat && (
        <SeatsField
          label={billing.seats}
          hint={billing.minimum(tier.minimumSeats)}
          tier={tier}
          value={seats}
          onChange={setSeats}
        />
      )}
      <PriceLine tier={tier} choice={wanted} />
      {act.error !== null && <ProblemNotice error={act.error} />}
      <div className="row button-room">
        {isInForce(subscription, wanted) ? (
          <span className="muted">{billing.same}</span>
        ) : (
          <Button look="solid" isPending={act.isPending} onClick={() => act.mutate()}>
            {subscribed ? billing.preview : billing.buy}
          </Button>
        )}
      </div>
      {preview.data !== undefined && (
        <ConfirmChange preview={preview.data} orgId={orgId} onClose={() => preview.reset()} />
      )}
    </div>
  );
}

function PriceLine({ tier, choice }: { readonly tier: Tier; readonly choice: PlanChoice }) {
  const sum = sumSeats(tier, choice.seats, choice.interval);
  return (
    <p>
      <strong className="num">{formatCents(sum.perMonthCents)}</strong> {billing.perMonth}
      {choice.interval === "year" && <span className="muted">{billing.atOnce(formatCents(sum.perIntervalCents))}</span>}
    </p>
  );
}
