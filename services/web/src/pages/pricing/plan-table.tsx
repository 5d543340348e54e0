import type { Tier } from "../../domain/answers.ts";
import { pricing } from "../../copy/pricing.ts";
import { formatNumber } from "../../domain/format.ts";

const { table } = pricing;

const perHolder = (tier: Tier, value: number): string =>
  tier.perSeat ? table.perHolder(formatNumber(value)) : formatNumber(value);

/** One row of the comparison for each thing that plans differ in. */
const rows: readonly (readonly [string, (tier: Tier) => string])[] = [
  [table.monthly, ({ price }) => price.month.display],
  [table.annually, ({ price }) => price.year?.display ?? table.none],
  [table.minimumSeats, ({ minimumSeats }) => String(minimumSeats)],
  [table.apiCalls, (tier) => perHolder(tier, tier.limits.apiCallsPerDay)],
  [table.llmRequests, (tier) => perHolder(tier, tier.limits.llmRequestsPerDay)],
  [table.concurrent, (tier) => perHolder(tier, tier.limits.concurrentRequests)],
  [table.byok, ({ byok }) => byok.display],
  [table.orgBucket, ({ orgBucket }) => orgBucket?.display ?? table.none],
  [table.support, ({ support }) => support],
];

export function PlanTable({ tiers, lineup }: { readonly tiers: readonly Tier[]; readonly lineup: string }) {
  return (
    <div className="table-frame" tabIndex={0} role="group" aria-label={table.caption(lineup)}>
      <table className="plan-table">
        <caption className="unseen">{table.caption(lineup)}</caption>
        <thead>
          <tr>
            <th scope="col">{table.plan}</th>
            {tiers.map(({ id, name }) => (
              <th key={id} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, cell]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {tiers.map((tier) => (
                <td key={tier.id}>{cell(tier)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
