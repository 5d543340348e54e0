import type { AnswerIdentity } from "../conversation-forms.ts";
import type { Answer, AnswerChoice, AnswerUsage, FinishReason, TokenLogprob } from "../conversation-answer.ts";
import type { AssistantPart, ReasoningPart } from "../conversation.ts";

export const finishWords: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  content_filter: "content_filter",
  refusal: "content_filter",
};

export const usageMember = (usage: AnswerUsage): object => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedInputTokens, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: usage.reasoningTokens,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

export const logprobsMember = (logprobs: readonly TokenLogprob[] | null): object | null =>
  logprobs === null
    ? null
    : { content: logprobs.map(({ top, ...own }) => ({ ...own, top_logprobs: top })), refusal: null };

/** OpenAI's API has no thoughts with signatures: these are the members that other APIs of its kind have for them. */
export const sealMember = ({ text, signature, encrypted }: Omit<ReasoningPart, "kind">): object =>
  encrypted === null ? { type: "reasoning.text", text, signature } : { type: "reasoning.encrypted", data: encrypted };

const joined = (parts: readonly AssistantPart[], kind: "text" | "refusal" | "reasoning"): string | null => {
  const texts = parts.flatMap((part) => (part.kind === kind ? [part.text] : []));
  return texts.length === 0 ? null : texts.join("");
};

function messageOf({ parts }: AnswerChoice): object {
  const calls = parts.filter((part) => part.kind === "tool_call");
  const reasoning = joined(parts, "reasoning");
  const seals = parts.filter((part) => part.kind === "reasoning" && (part.signature ?? part.encrypted) !== null);
  return {
    role: "assistant",
    content: joined(parts, "text"),
    refusal: joined(parts, "refusal"),
    annotations: [],
    ...(reasoning === null || reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(seals.length === 0 ? {} : { reasoning_details: seals.map((part) => sealMember(part as ReasoningPart)) }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ id, name, arguments: args }) => ({
            id,
            type: "function",
            function: { name, arguments: args },
          })),
        }),
  };
}

export function answerBody({ model, choices, usage }: Answer, { id, created }: AnswerIdentity): Buffer {
  const body = {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created,
    model,
    choices: choices.map((choice, index) => ({
      index,
      message: messageOf(choice),
      logprobs: logprobsMember(choice.logprobs),
      finish_reason: finishWords[choice.finish.reason],
    })),
    ...(usage === null ? {} : { usage: usageMember(usage) }),
  };
  return Buffer.from(JSON.stringify(body));
}
