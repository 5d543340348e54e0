import type { Tier } from "../../domain/answers.ts";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { tiersQuery } from "../../api/queries.ts";
import { pricing } from "../../copy/pricing.ts";
import { formatCents } from "../../domain/format.ts";
import { annualDiscountOf, type Interval } from "../../domain/seat-math.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { PlanTable } from "./plan-table.tsx";
import { SeatCalculator } from "./seat-calculator.tsx";
import "./pricing.css";

export function Page() {
  const [interval, setInterval] = useState<Interval>("month");
  const { tiers } = useQuery(tiersQuery).data;
  const dev = tiers.filter(({ lineup }) => lineup === "dev");
  const regulated = tiers.filter(({ lineup }) => lineup === "regulated");
  const discount = annualDiscountOf(dev);
  return (
    <div className="wide pricing">
      <div className="row apart pricing-head">
        <div>
          <h1 className="page-title">{pricing.title}</h1>
          <p className="muted">{pricing.lead}</p>
        </div>
        <div className="row">
          {discount > 0 && <span className="saving">{pricing.save(discount)}</span>}
          <Choice
            legend={pricing.interval}
            value={interval}
            onChange={setInterval}
            options={[
              ["month", pricing.month],
              ["year", pricing.year],
            ]}
          />
        </div>
      </div>
      <PlanCards tiers={dev} interval={interval} />
      <PlanTable tiers={dev} lineup={pricing.devLineup} />
      {regulated.length > 0 && (
        <section className="stack loose" aria-labelledby="regulated">
          <div>
            <h2 id="regulated">{pricing.regulatedLineup}</h2>
            <p className="muted">{pricing.regulatedNote}</p>
          </div>
          <PlanCards tiers={regulated} interval={interval} />
          <PlanTable tiers={regulated} lineup={pricing.regulatedLineup} />
        </section>
      )}
      <SeatCalculator tiers={tiers.filter(({ perSeat }) => perSeat)} interval={interval} />
      <section className="prose stack" aria-labelledby="notes">
        <h2 id="notes">{pricing.notes.title}</h2>
        <ul className="notes">
          {pricing.notes.items.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function PlanCards({ tiers, interval }: { readonly tiers: readonly Tier[]; readonly interval: Interval }) {
  return (
    <ul className="plan-cards">
      {tiers.map((tier) => (
        <PlanCard key={tier.id} tier={tier} interval={interval} />
      ))}
    </ul>
  );
}

function PlanCard({ tier, interval }: { readonly tier: Tier; readonly interval: Interval }) {
  const { id, name, perSeat, support } = tier;
  const isFree = tier.price.year === null;
  const price = interval === "year" ? (tier.price.year ?? tier.price.month) : tier.price.month;
  const unit = perSeat ? pricing.perSeatMonth : pricing.perMonth;
  const perYear = tier.price.year === null ? "" : formatCents(tier.price.year.perIntervalCents);
  return (
    <li className="plan-card" data-plan={id}>
      <h2>{name}</h2>
      <p>
        <span className="plan-figure num">{price.perMonth}</span> <span className="small muted">{unit}</span>
      </p>
      <p className="small muted billed">
        {isFree ? pricing.free : interval === "year" ? pricing.billedYearly(perYear, perSeat) : support}
      </p>
      <ButtonLink
        look={id === "pro" || id === "teams" ? "solid" : "line"}
        size="small"
        to={isFree ? "/sign-up" : `/billing?plan=${id}&interval=${interval}`}
      >
        {isFree ? pricing.start : pricing.buy(name)}
      </ButtonLink>
    </li>
  );
}
