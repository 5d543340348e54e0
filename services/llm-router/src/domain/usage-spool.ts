import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";

/** What is known of a call before a provider sees it. */
export type UsageIntent = Pick<
  UsageConsumed,
  | "requestId"
  | "charges"
  | "source"
  | "day"
  | "keyId"
  | "userId"
  | "orgId"
  | "endpoint"
  | "streamed"
  | "model"
  | "traceparent"
  | "startedAt"
> & {
  /** Settles the call if this process dies during it. */
  readonly promptTokensEstimate: number;
};

export interface SpooledCall {
  /** Resolves when the intent is durable: await it before the answer's first byte. */
  durable(): Promise<void>;
  /** Call it before the answer's first byte: from then on a crash is charged, not refunded. */
  markBegun(): void;
  /** Resolves when the usage is durable: await it before the answer's last byte. Rejects when the disk failed. */
  finish(usage: UsageConsumed): Promise<void>;
}

/** What the router still has to report to the ledger, kept across any crash. */
export interface UsageSpool {
  /** Writes the intent. Null when there is no room or the disk fails: the call must be refused. */
  begin(intent: UsageIntent): SpooledCall | null;
  /** A call that no provider sees, in one durable record. False when there was no room for it. */
  record(usage: UsageConsumed): Promise<boolean>;
}

/** The usage of a call whose router died: charged only if the caller had received something. */
export function interruptedUsage(intent: UsageIntent, begun: boolean, finishedAt: string): UsageConsumed {
  const { promptTokensEstimate, ...known } = intent;
  return {
    ...known,
    outcome: "interrupted",
    refund: !begun,
    provider: null,
    promptTokens: begun ? promptTokensEstimate : 0,
    completionTokens: 0,
    estimated: true,
    costNanoUsd: 0,
    attempts: 1,
    finishedAt,
  };
}
