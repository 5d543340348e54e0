import { z } from "zod";
import { defineEvent, type EventDefinition } from "../event.ts";
import { chargeSchema, chargeSourceSchema, type Meter, utcDaySchema } from "../quota.ts";

export const usageOutcomes = [
  /** A whole answer was delivered. */
  "ok",
  /** The caller's own fault (4xx): charged its API call. */
  "rejected",
  /** The client went before the end: charged for what was produced. */
  "client_closed",
  /** The provider or the platform failed. */
  "failed",
  /**
   * The router died during the call; settled from its spool at the next start. Or the gateway did, or its drain ran out. Given back when nothing
   * had gone out.
   */
  "interrupted",
] as const;

/** What the ledger can hold: a larger number would fail with all records that are written with it. */
const count = z.int().min(0).max(2_147_483_647);

export const usageConsumedSchema = z.object({
  requestId: z.string().min(1).max(128),
  /** The tokens this call took. The first is the API call: `leaseId:seq` is the id of the usage. */
  charges: z.array(chargeSchema).min(1).max(4),
  source: chargeSourceSchema,
  day: utcDaySchema,
  keyId: z.string(),
  userId: z.string(),
  orgId: z.string().nullable(),
  /** The operation's name. Open: a router may know operations that its consumers do not. */
  endpoint: z.string().regex(/^[a-z][a-z0-9._-]{0,63}$/),
  streamed: z.boolean(),
  outcome: z.enum(usageOutcomes),
  /** The caller got nothing through our or a provider's fault: the tokens go back to the bucket. */
  refund: z.boolean(),
  /** No provider answered with success, through no fault of ours: only the LLM request goes back. Absent: false. */
  refundsLlmRequest: z.boolean().optional(),
  model: z.string().nullable(),
  provider: z.string().nullable(),
  /** Whose credential the provider was asked with; absent: the platform's. For another's, the cost is not ours. */
  credential: z.enum(["platform", "user", "org"]).optional(),
  promptTokens: count,
  completionTokens: count,
  /** Of the prompt tokens, those read from the provider's cache, and those written to it. Absent: none, or not stated. */
  cachedPromptTokens: count.optional(),
  cacheWriteTokens: count.optional(),
  /** Of those written, the ones that the provider keeps for an hour. */
  hourCacheWriteTokens: count.optional(),
  /** Of the completion tokens. Absent: none, or not stated. */
  reasoningTokens: count.optional(),
  /** The token counts were not stated by the provider. */
  estimated: z.boolean(),
  /** 1e-9 US dollars, integer. */
  costNanoUsd: z.int().min(0),
  /** The model's price is not known here: costNanoUsd is 0 and says nothing. */
  costUnknown: z.literal(true).optional(),
  attempts: count,
  /** The W3C trace of the call: it travels with the record through the spool, to be pointed at when it is settled. */
  traceparent: z.string().max(64).nullable(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
});
export type UsageConsumed = z.infer<typeof usageConsumedSchema>;

/** Whether a token of this meter goes back to its bucket: the call costs nothing of it. */
export const isGivenBack = (
  { refund, refundsLlmRequest }: Pick<UsageConsumed, "refund" | "refundsLlmRequest">,
  meter: Meter,
): boolean => refund || (refundsLlmRequest === true && meter === "llm_requests");

/** The id of a usage record everywhere: the API-call token `leaseId:seq`. */
export function usageIdOf(usage: Pick<UsageConsumed, "charges">): string {
  const call = usage.charges[0];
  if (call === undefined) throw new Error("a usage record needs at least one charge");
  return `${call.leaseId}:${call.seq}`;
}

const usageFact: Omit<EventDefinition<UsageConsumed>, "subject" | "summary"> = {
  // The gateway: for a call that no router answered for.
  publishers: ["llm-router", "gateway"],
  listeners: [],
  schema: usageConsumedSchema,
  example: {
    requestId: "req_01",
    charges: [
      { meter: "api_calls", leaseId: "17", seq: 4 },
      { meter: "llm_requests", leaseId: "18", seq: 4 },
    ],
    source: "personal",
    day: "2026-11-22",
    keyId: "key_1",
    userId: "usr_1",
    orgId: null,
    endpoint: "chat.completions",
    streamed: true,
    outcome: "ok",
    refund: false,
    model: "sandbox-small",
    provider: "sandbox-a",
    promptTokens: 12,
    completionTokens: 48,
    estimated: false,
    costNanoUsd: 30_600,
    attempts: 1,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    startedAt: "2026-11-22T10:00:00.000Z",
    finishedAt: "2026-11-22T10:00:01.250Z",
  },
};

export const usageConsumed = defineEvent({
  ...usageFact,
  subject: "topdog.usage.consumed.v2",
  summary: "One admitted call is over: what it used and what it cost",
  inBatches: true,
});

/** The same fact as routers and gateways of the release before publish it: one in each message. */
export const singleUsageConsumed = defineEvent({
  ...usageFact,
  subject: "topdog.usage.consumed.v1",
  summary: "As v2, but one in each message: from processes of the release before",
});
