import type { WholeAnswer } from "../dialect.ts";
import { scanJsonObject, valueAt } from "../json-scanner.ts";
import type { TokenUsage } from "../token-usage.ts";
import { isObject } from "../wire-value.ts";

const openBracket = 0x5b;

function readUsage(usage: unknown): TokenUsage | null {
  const promptTokens = isObject(usage) ? usage["prompt_tokens"] : null;
  if (!Number.isSafeInteger(promptTokens) || (promptTokens as number) < 0) return null;
  return { promptTokens: promptTokens as number, completionTokens: 0, estimated: false };
}

/** Finds the usage without parsing the vectors, which may be megabytes. */
export function readAnswer(body: Buffer): WholeAnswer | null {
  try {
    const { members } = scanJsonObject(body);
    const data = members.get("data");
    if (data === undefined || body[data.start] !== openBracket) return null;
    const usage = members.get("usage");
    return { usage: usage === undefined ? null : readUsage(valueAt(body, usage)) };
  } catch {
    return null;
  }
}
