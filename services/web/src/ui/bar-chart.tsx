export interface Bar {
  /** When, in full: for the table, and who points at the bar. */
  readonly label: string;
  /** Stacked from below; the classes `bar-0` to `bar-5` colour them. */
  readonly values: readonly number[];
}

interface BarChartProps {
  readonly title: string;
  readonly columnName: string;
  readonly series: readonly string[];
  readonly bars: readonly Bar[];
  readonly format: (value: number) => string;
  /** What stands below the first and the last bar. */
  readonly ends: readonly [string, string];
}

const height = 120;
const step = 12;
const gap = 3;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Stacked bars, with the same figures as a table for who does not see them. */
export function BarChart({ title, columnName, series, bars, format, ends }: BarChartProps) {
  const top = Math.max(1, ...bars.map(({ values }) => sum(values)));
  return (
    <figure className="chart">
      <div className="small muted num chart-top">{format(top)}</div>
      <svg viewBox={`0 0 ${bars.length * step} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {bars.map(({ label, values }, index) => (
          <g key={label}>
            <title>{`${label}: ${format(sum(values))}`}</title>
            <rect className="bar-room" x={index * step} y="0" width={step} height={height} />
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
      <figcaption className="small muted">
        <div className="row apart">
          <span>{ends[0]}</span>
          <span>{ends[1]}</span>
        </div>
        <div className="row">
          {series.map((name, at) => (
            <span key={name} className={`key key-${at}`}>
              {name}
            </span>
          ))}
        </div>
      </figcaption>
      <div className="unseen">
        <table>
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
                  <td key={series[at]}>{format(value)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
