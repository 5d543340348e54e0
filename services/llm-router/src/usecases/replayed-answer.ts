import type { ServedHeaderName } from "@topdog/contracts/served-headers";
import type { Operation } from "@topdog/dialects/operation";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { providerlessUsage } from "../domain/usage-record.ts";
import { type Call, type CallDeps, costHeader } from "./call.ts";
import type { TakenAnswer } from "./held-answer.ts";
import { toUsdText } from "../domain/models.ts";

interface KeptHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
}

const lineFeed = 10;

/** A line of JSON, and the bytes of the answer after it. */
export const packAnswer = ({ status, headers, bytes }: TakenAnswer): Buffer =>
  Buffer.concat([Buffer.from(`${JSON.stringify({ status, headers } satisfies KeptHead)}\n`), bytes]);

export function unpackAnswer(content: Buffer): TakenAnswer {
  const end = content.indexOf(lineFeed);
  const head = JSON.parse(content.toString("utf8", 0, end)) as KeptHead;
  return { ...head, bytes: content.subarray(end + 1) };
}

/** What a call costs that no provider was asked for. */
export type FreeOf = "everything" | "llm_request";

/** Settles a call that was answered from what is kept, before its answer: no provider was asked. */
export async function settleFree(
  deps: Pick<CallDeps, "spool" | "nowMs">,
  { endpoint }: Operation,
  call: Call,
  result: { readonly outcome: UsageConsumed["outcome"]; readonly free: FreeOf; readonly model: string | null },
): Promise<void> {
  const { outcome, free, model } = result;
  const usage = {
    ...providerlessUsage(call.origin, { endpoint, outcome, model }, deps.nowMs()),
    refund: free === "everything",
    refundsLlmRequest: true,
  };
  if (await deps.spool.record(usage)) call.answer.recorded(usage);
}

/** Sends a kept answer as it was, but for what it cost. */
export function sendKept(
  { answer }: Call,
  { status, headers, bytes }: TakenAnswer,
  more: Partial<Record<ServedHeaderName, string>>,
): void {
  answer.head(status, { ...headers, [costHeader]: toUsdText(0), ...more });
  answer.end(bytes);
}
