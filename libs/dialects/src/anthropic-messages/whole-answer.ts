import type { Answer, Finish, FinishReason } from "../conversation-answer.ts";
import type { AssistantPart } from "../conversation.ts";
import { isObject, parseObject, wordOf, type WireObject } from "../wire-value.ts";
import { usageOf } from "./answer.ts";
import { marked } from "./seals.ts";

const finishReasons: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries<FinishReason>({
    end_turn: "stop",
    stop_sequence: "stop",
    pause_turn: "stop",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    tool_use: "tool_calls",
    refusal: "refusal",
  }),
);

export const finishOf = (word: unknown, stopText: unknown): Finish => ({
  reason: finishReasons.get(wordOf(word)) ?? "stop",
  stopText: typeof stopText === "string" ? stopText : null,
});

function partOf(block: WireObject): AssistantPart[] {
  switch (block["type"]) {
    case "text":
      return [{ kind: "text", text: wordOf(block["text"]) }];
    case "tool_use": {
      const args = JSON.stringify(block["input"] ?? {});
      return [{ kind: "tool_call", id: wordOf(block["id"]), name: wordOf(block["name"]), arguments: args }];
    }
    case "thinking": {
      const signature = wordOf(block["signature"]);
      const seal = signature === "" ? null : marked(signature);
      return [{ kind: "reasoning", text: wordOf(block["thinking"]), signature: seal, encrypted: null }];
    }
    case "redacted_thinking":
      return [{ kind: "reasoning", text: "", signature: null, encrypted: marked(wordOf(block["data"])) }];
    default:
      return [];
  }
}

export function readWholeAnswer(body: Buffer): Answer | null {
  const answer = parseObject(body);
  if (answer === null || answer["type"] !== "message" || !Array.isArray(answer["content"])) return null;
  const parts = answer["content"].filter(isObject).flatMap(partOf);
  const finish = finishOf(answer["stop_reason"], answer["stop_sequence"]);
  const choices = [{ parts, finish, logprobs: null }];
  return { id: wordOf(answer["id"]), model: wordOf(answer["model"]), choices, usage: usageOf(answer["usage"]) };
}
