import { formatNumber } from "../domain/format.ts";

interface MeterProps {
  readonly label: string;
  readonly used: number;
  readonly limit: number;
  readonly of: string;
  readonly note: string;
  /** Decides the colour. */
  readonly source?: "personal" | "org_pool";
}

/** How much of a limit is used: the figure first, then a bar. */
export function Meter({ label, used, limit, of, note, source = "personal" }: MeterProps) {
  // What a plan does not have is not used up.
  const share = limit === 0 && used === 0 ? 0 : Math.min(100, (used / limit) * 100);
  return (
    <div className="meter" data-source={source} data-full={share === 100 || undefined}>
      <span className="small muted">{label}</span>
      <div className="figures">
        <span>
          <span className="used">{formatNumber(used)}</span> <span className="muted">{of}</span>
        </span>
        <span className="small muted">{note}</span>
      </div>
      <svg
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(used, limit)}
      >
        <rect width={share} height="8" />
      </svg>
    </div>
  );
}
