import { useQuery } from "@tanstack/react-query";
import { tiersQuery } from "../../api/queries.ts";
import { terms } from "../../copy/terms.ts";
import { annualDiscountOf } from "../../domain/seat-math.ts";

export function Page() {
  const { tiers } = useQuery(tiersQuery).data;
  const dev = tiers.filter(({ lineup }) => lineup === "dev");
  const minimums = dev
    .filter(({ perSeat }) => perSeat)
    .map(({ name, minimumSeats }, index) => terms.minimumSeats(name, minimumSeats, index === 0));
  const facts = {
    minimumSeats: minimums.join(", "),
    discountPercent: annualDiscountOf(dev),
    hasRegulatedPlans: tiers.some(({ lineup }) => lineup === "regulated"),
  };
  return (
    <div className="wide stack loose article">
      <header>
        <h1 className="page-title">{terms.title}</h1>
        <p className="muted">{terms.lead}</p>
      </header>
      {terms.sections(facts).map(([title, text]) => (
        <section key={title} className="prose">
          <h2>{title}</h2>
          <p>{text}</p>
        </section>
      ))}
    </div>
  );
}
