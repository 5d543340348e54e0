import { formatNumber } from "../domain/format.ts";

export interface Bar {
  readonly label: string;
  /** Stacked from below; the classes `bar-0` and `bar-1` colour them. */
  readonly values: readonly number[];
}

interface BarChartProps {
  readonly title: string;
  readonly columnName: string;
  readonly series: readonly string[];
  readonly bars: readonly Bar[];
}

const height = 120;
const step = 12;
const gap = 3;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Stacked bars, with the same figures as a table for who does not see them. */
export function BarChart({ title, columnName, series, bars }: BarChartProps) {
  const top = Math.max(1, ...bars.map(({ values }) => sum(values)));
  return (
    <figure className="chart">
      <svg viewBox={`0 0 ${bars.length * step} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {bars.map(({ label, values }, index) => (
          <g key={label}>
            <title>{`${label}: ${formatNumber(sum(values))}`}</title>
            <rect className="bar-base" x={index * step} y={height - 1} width={step - gap} height="1" />
            {values.map((value, at) => {
              const below = sum(values.slice(0, at));
              const tall = (value / top) * height;
              return (
                <rect
                  key={series[at]}
                  className={`bar-${at}`}
                  x={index * step}
                  y={height - (below / top) * height - tall}
                  width={step - gap}
                  height={tall}
                />
              );
            })}
          </g>
        ))}
      </svg>
      <figcaption className="row apart small muted">
        <span>{bars[0]?.label}</span>
        <span className="row">
          {series.map((name, at) => (
            <span key={name} className={`key key-${at}`}>
              {name}
            </span>
          ))}
        </span>
        <span>{bars.at(-1)?.label}</span>
      </figcaption>
      <table className="unseen">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{columnName}</th>
            {series.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map(({ label, values }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {values.map((value, at) => (
                <td key={series[at]}>{formatNumber(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
