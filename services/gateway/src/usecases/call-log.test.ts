import { describe, expect, test } from "@jest/globals";
import { dialects } from "@topdog/dialects/dialects";
import { createMetrics } from "@topdog/telemetry/metrics";
import { createGatewayMetrics } from "../metrics.ts";
import { knownCaller } from "../store/known-callers.ts";
import { recordCall, type CallFacts } from "./call-log.ts";

const operation = dialects[0]!;

const refused: CallFacts = {
  requestId: "req_1",
  traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00`,
  operation,
  startedMs: 1_000,
  status: 401,
  outcome: "unauthenticated",
  caller: null,
  admission: null,
  firstByteMs: null,
  overheadMs: null,
  report: null,
  detail: "invalid_api_key",
};

function memberLine(facts: CallFacts): unknown {
  let line = "";
  recordCall(createGatewayMetrics(createMetrics("gateway")), (members) => (line = `{${members}}`), facts, 1_012.346);
  return JSON.parse(line);
}

describe("the line of a call", () => {
  test("of a refused one has what is known and nothing else", () => {
    expect(memberLine(refused)).toEqual({
      requestId: "req_1",
      traceId: "a".repeat(32),
      route: operation.endpoint,
      status: 401,
      outcome: "unauthenticated",
      durationMs: 12.35,
      detail: "invalid_api_key",
    });
  });

  test("of a served one says who called, what was charged and what the router reports", () => {
    const principal = {
      keyId: "key_1",
      userId: "usr_1",
      orgId: "org_1",
      role: "member",
      scopes: ["llm"],
      restrictions: null,
      buckets: { personal: "seat:org_1:usr_1", org: "org:org_1" },
      byok: { scope: "org", used: 0, capacity: 14 },
    } as const;
    const charges = [{ meter: "api_calls" as const, leaseId: "7", seq: 3 }];
    const served: CallFacts = {
      ...refused,
      status: 200,
      outcome: "ok",
      caller: knownCaller("0".repeat(64), principal),
      admission: { outcome: "admitted", source: "personal", day: "2026-11-26", charges, slots: [] },
      firstByteMs: 4.001,
      overheadMs: 0.126,
      report: {
        recorded: true,
        outcome: "ok",
        provider: 'a "quoted" name',
        model: "gpt-5",
        promptTokens: 10,
        completionTokens: 20,
        costNanoUsd: 30,
        attempts: 1,
      },
      detail: undefined,
    };
    expect(memberLine(served)).toMatchObject({
      status: 200,
      outcome: "ok",
      firstByteMs: 4,
      overheadMs: 0.13,
      keyId: "key_1",
      userId: "usr_1",
      orgId: "org_1",
      source: "personal",
      usageId: "7:3",
      provider: 'a "quoted" name',
      model: "gpt-5",
      promptTokens: 10,
      completionTokens: 20,
      costNanoUsd: 30,
      recorded: true,
    });
  });
});
