import type { Tier } from "../../domain/answers.ts";
import { useState } from "react";
import { pricing } from "../../copy/pricing.ts";
import { formatCents, formatNumber } from "../../domain/format.ts";
import { type Interval, sumSeats } from "../../domain/seat-math.ts";
import { Field } from "../../ui/field.tsx";
import { SeatsField } from "../../ui/seats-field.tsx";

const { calculator } = pricing;

export function SeatCalculator({ tiers, interval }: { readonly tiers: readonly Tier[]; readonly interval: Interval }) {
  const [planId, setPlanId] = useState<string>("teams");
  const [seats, setSeats] = useState("5");
  const tier = tiers.find(({ id }) => id === planId) ?? tiers[0];
  if (tier === undefined) return null;
  const sum = sumSeats(tier, Number(seats), interval);
  const isYear = interval === "year" && tier.price.year !== null;
  const results = [
    [calculator.pays(isYear), formatCents(sum.perIntervalCents)],
    [calculator.perMonth, formatCents(sum.perMonthCents)],
    [calculator.own, formatNumber(sum.apiCallsPerDay)],
    [calculator.requests, formatNumber(sum.llmRequestsPerDay)],
    [calculator.bucket, formatNumber(sum.orgBucketPerDay)],
    [calculator.slots, formatNumber(sum.byokSlots)],
  ];
  return (
    <section className="panel calculator" aria-labelledby="calculator">
      <div className="stack">
        <h2 id="calculator">{calculator.title}</h2>
        <p className="muted">{calculator.lead}</p>
        <Field label={calculator.plan}>
          {(field) => (
            <select {...field} className="input" value={tier.id} onChange={({ target }) => setPlanId(target.value)}>
              {tiers.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <SeatsField
          label={calculator.seats}
          hint={calculator.minimum(tier.name, tier.minimumSeats)}
          tier={tier}
          value={seats}
          onChange={setSeats}
        />
      </div>
      <dl className="sums" aria-live="polite">
        {results.map(([label, value]) => (
          <div key={label}>
            <dt className="muted">{label}</dt>
            <dd className="num">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
