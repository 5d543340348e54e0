import type { ChargeSource, PlanMeter } from "@topdog/contracts/quota";

/** What usage can be split by. */
export const usageDimensions = ["meter", "source", "key", "member", "model", "provider"] as const;
export type UsageDimension = (typeof usageDimensions)[number];

export const usageGrains = ["day", "hour"] as const;
export type UsageGrain = (typeof usageGrains)[number];

export interface UsageFilters {
  readonly keyId?: string | undefined;
  readonly source?: ChargeSource | undefined;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
}

/** One question about the usage of one tenant. Both days are counted. */
export interface UsageQuery {
  /** `user:<id>` or `org:<id>`. */
  readonly tenant: string;
  /** Only this member's; null: everybody's. */
  readonly userId: string | null;
  readonly grain: UsageGrain;
  readonly from: string;
  readonly to: string;
  readonly by: readonly UsageDimension[];
  readonly filters: UsageFilters;
}

/** Sums of the ledger. */
export interface UsageAmounts {
  /** Charged: refunded calls are not in it. */
  readonly calls: number;
  /** Those that a provider answered with success, whole or in part. */
  readonly llmRequests: number;
  /** Of these, charged to the caller's own daily LLM requests: the org's pool has none. */
  readonly llmRequestsCharged: number;
  readonly refundedCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costNanoUsd: number;
  /** Calls whose cost nobody knows: they add nothing to it. */
  readonly unpricedCalls: number;
}

/** The sums of one interval; of the dimensions those that were asked for. */
export interface UsageLine extends UsageAmounts {
  /** The day, or the hour in ISO 8601. */
  readonly at: string;
  readonly meter?: PlanMeter;
  /** With `meter`: its tokens, refunds taken off. All other amounts stand on the line of the API calls alone. */
  readonly charged?: number;
  readonly source?: ChargeSource;
  readonly key?: string;
  readonly member?: string;
  readonly model?: string | null;
  readonly provider?: string | null;
}

/** Where a line stands in the order of an answer: its interval and, in the order in which they were asked for, its dimensions. */
export type UsagePosition = readonly string[];

export const positionOf = (line: UsageLine, by: readonly UsageDimension[]): UsagePosition => [
  line.at,
  ...by.map((dimension) => line[dimension] ?? ""),
];
