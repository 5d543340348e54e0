import type { ReactNode } from "react";

/** A few figures that say the most, each with its name. */
export function FigureRow({ figures }: { readonly figures: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="figures-row">
      {figures.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd className="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
