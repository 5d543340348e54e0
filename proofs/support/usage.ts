import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge } from "@topdog/contracts/quota";

/** The usage record of a call that took these tokens. */
export function usageOf(charges: readonly Charge[], refund = false): UsageConsumed {
  return {
    requestId: `req_${charges.map(({ leaseId, seq }) => `${leaseId}-${seq}`).join("_")}`,
    charges: [...charges],
    source: "personal",
    day: "2026-11-22",
    keyId: "key_1",
    userId: "usr_1",
    orgId: null,
    endpoint: "chat.completions",
    streamed: false,
    outcome: refund ? "failed" : "ok",
    refund,
    model: "sandbox-small",
    provider: "sandbox-a",
    promptTokens: 10,
    completionTokens: 20,
    estimated: false,
    costNanoUsd: 30_600,
    attempts: 1,
    traceparent: null,
    startedAt: "2026-11-22T10:00:00.000Z",
    finishedAt: "2026-11-22T10:00:01.000Z",
  };
}
