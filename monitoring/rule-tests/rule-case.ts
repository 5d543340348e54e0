import type { ServiceName } from "@topdog/contracts/services";
import type { GateName } from "../slo/definition.ts";

/** `too_few` and `outage` are numbers that say why there is no evidence; `none`: Prometheus has no answer at all. */
export type Verdict = "pass" | "fail" | "too_few" | "outage" | "none";

type NamedAlert = readonly [alert: string, severity: "page" | "ticket"];

/** What Prometheus saw, in promtool's notation (`0+30x40`: from 0 on, 30 more at each of 40 scrapes), and what must follow. */
export interface RuleCase {
  readonly name: string;
  readonly service: ServiceName;
  /** Between scrapes and evaluations. */
  readonly intervalSeconds: number;
  readonly series: Readonly<Record<string, string>>;
  /** When it is looked at: `10m`. */
  readonly at: string;
  /** Of the revision `new`, where `old` is the stable one. */
  readonly verdicts?: Partial<Readonly<Record<GateName, Verdict>>>;
  /** Alerts that fire, once each, and alerts that must not. */
  readonly fires?: readonly NamedAlert[];
  readonly quiet?: readonly NamedAlert[];
}

export const revisions = { canary: "new", stable: "old" } as const;

/** A process of a revision that answers scrapes. */
export const scraped = (service: ServiceName, revision: string, values = "1x300"): Record<string, string> => ({
  [`up{job="topdog",service="${service}",revision="${revision}"}`]: values,
});

/** One series of a revision, with more labels if need be. */
export const counted = (
  metric: string,
  labels: Readonly<Record<string, string>>,
  values: string,
): Record<string, string> => ({
  [`${metric}{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`]: values,
});
