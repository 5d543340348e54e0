import type { Conversation, ReasoningEffort, ReasoningWish, Tool, ToolChoice } from "../conversation.ts";
import type { OutboundForm, OutgoingConversation } from "../conversation-forms.ts";
import { statedOnly, statedSampling } from "../outgoing.ts";
import { newEventReader } from "./event-reader.ts";
import { readWholeAnswer } from "./whole-answer.ts";
import { writeMessages } from "./written-messages.ts";

const maxStops = 4;
/** A budget in words: OpenAI's API takes no number. */
const budgetOfLowTokens = 2048;
const budgetOfMediumTokens = 12_288;

const toolMember = ({ name, description, parameters, strict }: Tool): object => ({
  type: "function",
  function: { name, ...statedOnly({ description }), parameters, ...statedOnly({ strict }) },
});

const toolChoiceMember = (choice: ToolChoice | null): object | string | null =>
  choice?.kind === "tool" ? { type: "function", function: { name: choice.name } } : (choice?.kind ?? null);

function effortOf(reasoning: ReasoningWish | null): ReasoningEffort | null {
  if (reasoning === null) return null;
  const { effort, budgetTokens } = reasoning;
  if (effort !== null || budgetTokens === null) return effort;
  return budgetTokens <= budgetOfLowTokens ? "low" : budgetTokens <= budgetOfMediumTokens ? "medium" : "high";
}

function formatMember({ format }: Conversation): object | null {
  if (format.kind === "text") return null;
  if (format.kind === "json") return { type: "json_object" };
  const { name, description, schema, strict } = format;
  return {
    type: "json_schema",
    json_schema: { name, ...statedOnly({ description }), schema, ...statedOnly({ strict }) },
  };
}

function write(conversation: Conversation): OutgoingConversation {
  const dropped: string[] = [];
  if (conversation.stop.length > maxStops) {
    return {
      kind: "impossible",
      what: "stop",
      detail: `This provider takes at most ${maxStops} texts that end an answer.`,
    };
  }
  const messages = writeMessages(conversation, dropped);
  if ("kind" in messages) return messages;
  if (conversation.sampling.topK !== null) dropped.push("sampling.topK");
  const { tools, streamed, choices, logprobs, stop } = conversation;
  const request = {
    model: conversation.model,
    messages: messages.list,
    ...(streamed ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...(tools.length === 0 ? {} : { tools: tools.map(toolMember) }),
    ...statedOnly({
      tool_choice: tools.length === 0 ? null : toolChoiceMember(conversation.toolChoice),
      parallel_tool_calls: tools.length === 0 ? null : conversation.parallelToolCalls,
      response_format: formatMember(conversation),
      max_completion_tokens: conversation.maxOutputTokens,
      reasoning_effort: effortOf(conversation.reasoning),
      user: conversation.endUser,
    }),
    ...statedSampling(conversation.sampling, {
      temperature: "temperature",
      topP: "top_p",
      frequencyPenalty: "frequency_penalty",
      presencePenalty: "presence_penalty",
      seed: "seed",
    }),
    ...(stop.length === 0 ? {} : { stop }),
    ...(choices === 1 ? {} : { n: choices }),
    ...(logprobs === null ? {} : { logprobs: true, top_logprobs: logprobs.topCount }),
  };
  return { kind: "request", body: Buffer.from(JSON.stringify(request)), dropped };
}

export const outbound: OutboundForm = { write, readAnswer: readWholeAnswer, newEventReader };
