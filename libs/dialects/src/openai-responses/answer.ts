import type { WholeAnswer } from "../dialect.ts";
import type { TokenUsage } from "../token-usage.ts";
import { isObject, parseObject } from "../wire-value.ts";

/** Null when it does not state both counts. */
export function readUsage(value: unknown): TokenUsage | null {
  if (!isObject(value)) return null;
  const { input_tokens: promptTokens, output_tokens: completionTokens } = value;
  if (!Number.isSafeInteger(promptTokens) || !Number.isSafeInteger(completionTokens)) return null;
  return { promptTokens: promptTokens as number, completionTokens: completionTokens as number, estimated: false };
}

/** A failed response comes with 200 too. */
export function readAnswer(body: Buffer): WholeAnswer | null {
  const answer = parseObject(body);
  if (answer === null || answer["object"] !== "response" || !Array.isArray(answer["output"])) return null;
  return answer["status"] === "failed" ? null : { usage: readUsage(answer["usage"]) };
}
