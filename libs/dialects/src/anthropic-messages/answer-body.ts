import type { Answer, AnswerUsage, Finish } from "../conversation-answer.ts";
import type { AnswerIdentity } from "../conversation-forms.ts";
import type { AssistantPart } from "../conversation.ts";
import { parseObject } from "../wire-value.ts";

export function stopWord({ reason, stopText }: Finish): string {
  switch (reason) {
    case "stop":
      return stopText === null ? "end_turn" : "stop_sequence";
    case "length":
      return "max_tokens";
    case "tool_calls":
      return "tool_use";
    case "content_filter":
    case "refusal":
      return "refusal";
  }
}

export const usageMember = (usage: AnswerUsage | null): object => ({
  input_tokens: usage === null ? 0 : usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens,
  cache_creation_input_tokens: usage?.cacheWriteTokens ?? 0,
  cache_read_input_tokens: usage?.cachedInputTokens ?? 0,
  output_tokens: usage?.outputTokens ?? 0,
});

export function blockOf(part: AssistantPart): object {
  switch (part.kind) {
    case "text":
      return { type: "text", text: part.text, citations: null };
    case "refusal":
      return { type: "text", text: part.text, citations: null };
    case "tool_call":
      // A model may have written no object; the API has nothing else for arguments.
      return { type: "tool_use", id: part.id, name: part.name, input: parseObject(Buffer.from(part.arguments)) ?? {} };
    case "reasoning":
      return part.encrypted === null
        ? { type: "thinking", thinking: part.text, signature: part.signature ?? "" }
        : { type: "redacted_thinking", data: part.encrypted };
  }
}

export function answerBody({ model, choices, usage }: Answer, { id }: AnswerIdentity): Buffer {
  const [choice] = choices;
  const finish: Finish = choice?.finish ?? { reason: "stop", stopText: null };
  const body = {
    id: `msg_${id}`,
    type: "message",
    role: "assistant",
    model,
    content: (choice?.parts ?? []).map(blockOf),
    stop_reason: stopWord(finish),
    stop_sequence: finish.stopText,
    usage: usageMember(usage),
  };
  return Buffer.from(JSON.stringify(body));
}
