import type { ServiceName } from "@topdog/contracts/services";

/** A selector of series, as in PromQL: `topdog_quota_sync_seconds_count{outcome="failed"}`. */
export type Selector = string;

/** PromQL: how much the counters grew in a window, or how fast; summed by labels of the caller's choice. In a ratio either will do. */
export type Growth = (of: Selector, window: string) => string;

/** What is measured: the share of events that went wrong. */
export type Sli =
  | { readonly kind: "events"; readonly bad: Selector; readonly all: Selector }
  /** Wrong is what took longer. `withinSeconds` must be an edge of the histogram's buckets. */
  | {
      readonly kind: "latency";
      readonly histogram: string;
      readonly where?: Readonly<Record<string, string>>;
      readonly withinSeconds: number;
      /** What the rehearsal asks instead: two cores carry the cluster, every service twice, and the load. An edge too. */
      readonly rehearsedSeconds?: number;
    };

export interface Slo {
  /** Unique within its service: `availability`. */
  readonly name: string;
  /** What callers are promised, as one sentence. */
  readonly promise: string;
  /** Share of events that must be good over 30 days. */
  readonly objective: number;
  readonly sli: Sli;
  /** Fewer events in an alert's long window are no evidence: one error of ten calls is not an incident. */
  readonly leastEvents: number;
  /** Its page in docs/runbooks, without the ending. */
  readonly runbook: string;
}

export const gateNames = [
  "availability",
  "latency",
  "fallback",
  "consistency",
  "hallucination",
  "unreliability_cost",
  "metering",
] as const;
export type GateName = (typeof gateNames)[number];

/** What a release is judged by, for each revision apart. Higher is worse; a value is a number from 0 on. */
export interface Gate {
  readonly name: GateName;
  readonly meaning: string;
  readonly unit: string;
  /** PromQL with the labels service and revision; `increase` is that of a counter, by these two. */
  readonly value: (windows: WindowsOfGate, increase: Growth) => string;
  readonly samples: (windows: WindowsOfGate, increase: Growth) => string;
  /** With fewer the verdict is "not enough evidence". */
  readonly leastSamples: number;
  /** From here on the release fails. */
  readonly failAt: number;
  /**
   * `nothing`: judged alone. `outage`: no evidence where the stable revision would fail too: something else is broken.
   * `excess`: what counts is how much worse than the stable revision it is; no evidence in an outage either.
   */
  readonly against: "nothing" | "outage" | "excess";
  /** Needs evaluators to be at work, so it is a template of its own. */
  readonly needsEvaluators?: true;
}

export interface WindowsOfGate {
  readonly short: string;
  readonly long: string;
  /** For what happens less often than a call. */
  readonly slow: string;
  /** Latencies are judged by `rehearsedSeconds`. */
  readonly isRehearsal: boolean;
}

/** An alert on something that must never be, or not for long. What is spent of an error budget has alerts of its own. */
export interface Alert {
  /** Unique: `UsageQuarantined`. */
  readonly name: string;
  readonly meaning: string;
  readonly expr: string;
  readonly forMinutes: number;
  /** `page`: somebody gets up. `ticket`: on the next working day. */
  readonly severity: "page" | "ticket";
  readonly runbook: string;
}

/** All that one service promises, and how a release of it is judged. */
export interface ServiceObjectives {
  readonly service: ServiceName;
  readonly slos: readonly Slo[];
  readonly gates: readonly Gate[];
  readonly alerts: readonly Alert[];
}
