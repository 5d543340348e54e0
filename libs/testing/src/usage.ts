import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Charge } from "@topdog/contracts/quota";

/** A usage record of a call that took these tokens. */
export function usageOf(charges: Charge[], details: Partial<UsageConsumed> = {}): UsageConsumed {
  return {
    requestId: `req_${charges.map(({ leaseId, seq }) => `${leaseId}-${seq}`).join("_")}`,
    charges,
    source: "personal",
    day: new Date().toISOString().slice(0, 10),
    keyId: "key_1",
    userId: "usr_1",
    orgId: null,
    endpoint: "chat.completions",
    streamed: false,
    outcome: "ok",
    refund: false,
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
    ...details,
  };
}

/** Who a bucket's calls are made by. */
export function callerOf(owner: string): Pick<UsageConsumed, "userId" | "orgId"> {
  const [kind, id = "", member = "usr_1"] = owner.split(":");
  return kind === "user" ? { userId: id, orgId: null } : { userId: member, orgId: id };
}
