import type { WindowsOfGate } from "./definition.ts";

/** How fast a release is judged. The rehearsal judges by the same rules in seconds. */
export interface Timescale {
  readonly name: "production" | "rehearsal";
  readonly windows: WindowsOfGate;
  /** How often rules are evaluated, in seconds; scrapes come as often. */
  readonly evaluationSeconds: number;
  /** Of a gate's `leastSamples`: shorter windows see fewer. */
  readonly sampleShare: number;
  readonly analysis: {
    /** Before the first measurement: two scrapes, an evaluation, and a first window of calls. */
    readonly initialDelay: string;
    readonly interval: string;
    readonly count: number;
    /** So many good measurements in a row pass a gate. */
    readonly consecutiveSuccessLimit: number;
    /** One more failed measurement than this fails it. */
    readonly failureLimit: number;
    /** One more measurement without evidence than this pauses the release. */
    readonly inconclusiveLimit: number;
    /** One more unanswered question than this in a row ends the release; Argo asks again every 10 s, whatever the interval. */
    readonly consecutiveErrorLimit: number;
  };
}

export const timescales = [
  {
    name: "production",
    windows: { short: "2m", long: "5m", slow: "10m", isRehearsal: false },
    evaluationSeconds: 15,
    sampleShare: 1,
    analysis: {
      initialDelay: "120s",
      interval: "30s",
      count: 20,
      consecutiveSuccessLimit: 6,
      failureLimit: 1,
      inconclusiveLimit: 12,
      consecutiveErrorLimit: 12,
    },
  },
  {
    name: "rehearsal",
    windows: { short: "10s", long: "20s", slow: "20s", isRehearsal: true },
    evaluationSeconds: 2,
    sampleShare: 0.3,
    analysis: {
      initialDelay: "10s",
      interval: "2s",
      count: 24,
      consecutiveSuccessLimit: 4,
      failureLimit: 1,
      inconclusiveLimit: 12,
      consecutiveErrorLimit: 2,
    },
  },
] as const satisfies readonly Timescale[];
