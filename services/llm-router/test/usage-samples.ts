import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { UsageIntent } from "../src/domain/usage-spool.ts";

export function intentOf(seq: number): UsageIntent {
  return {
    requestId: `req_${seq}`,
    charges: [{ meter: "api_calls", leaseId: "1", seq }],
    source: "personal",
    day: "2026-11-22",
    keyId: "key_1",
    userId: "usr_1",
    orgId: null,
    endpoint: "chat.completions",
    streamed: true,
    model: "sandbox-small",
    traceparent: null,
    startedAt: "2026-11-22T10:00:00.000Z",
    promptTokensEstimate: 12,
  };
}

export function usageOf(seq: number, outcome: UsageConsumed["outcome"] = "ok"): UsageConsumed {
  const { promptTokensEstimate: promptTokens, ...known } = intentOf(seq);
  return {
    ...known,
    outcome,
    refund: false,
    provider: "sandbox-a",
    promptTokens,
    completionTokens: 5,
    estimated: false,
    costNanoUsd: 100,
    attempts: 1,
    finishedAt: "2026-11-22T10:00:01.000Z",
  };
}
