import type { Conversation, Tool } from "../conversation.ts";
import type { OutboundForm, OutgoingConversation } from "../conversation-forms.ts";
import { statedOnly, statedSampling } from "../outgoing.ts";
import { newEventReader } from "./event-reader.ts";
import { readWholeAnswer } from "./whole-answer.ts";
import { writeMessages } from "./written-messages.ts";

/** The API wants a bound: this one, where the caller gave none. */
const defaultMaxTokens = 8192;
const leastBudgetTokens = 1024;

const impossible = (what: string, detail: string): OutgoingConversation => ({ kind: "impossible", what, detail });

const toolMember = ({ name, description, parameters, strict }: Tool): object => ({
  name,
  ...statedOnly({ description, strict }),
  input_schema: { type: "object", ...parameters },
});

function toolChoiceMember({ toolChoice, parallelToolCalls }: Conversation): object | null {
  const disable = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  switch (toolChoice?.kind) {
    case undefined:
      return parallelToolCalls === false ? { type: "auto", ...disable } : null;
    case "auto":
      return { type: "auto", ...disable };
    case "none":
      return { type: "none" };
    case "required":
      return { type: "any", ...disable };
    case "tool":
      return { type: "tool", name: toolChoice.name, ...disable };
  }
}

/** A budget where the caller named one; else the model decides, guided by the effort. */
function thinkingMember({ reasoning }: Conversation, maxTokens: number): object | null {
  if (reasoning === null) return null;
  const { effort, budgetTokens } = reasoning;
  if (effort === "none") return { type: "disabled" };
  if (budgetTokens === null) return { type: "adaptive" };
  const budget = Math.max(leastBudgetTokens, Math.min(budgetTokens, maxTokens - 1));
  return { type: "enabled", budget_tokens: budget };
}

function outputConfigOf({ format, reasoning }: Conversation, dropped: string[]): object | null {
  if (format.kind === "json_schema" && format.description !== null) dropped.push("format.description");
  const effort = reasoning?.effort === "minimal" ? "low" : (reasoning?.effort ?? null);
  const schema = format.kind === "json_schema" ? { type: "json_schema", schema: format.schema } : null;
  const config = statedOnly({ format: schema, effort: effort === "none" ? null : effort });
  return Object.keys(config).length === 0 ? null : config;
}

/** The range of this API ends at 1, that of others at 2; with thinking on it takes no temperature at all. */
function samplingOf({ sampling }: Conversation, thinks: boolean, dropped: string[]): Record<string, unknown> {
  for (const name of ["frequencyPenalty", "presencePenalty", "seed"] as const) {
    if (sampling[name] !== null && sampling[name] !== 0) dropped.push(`sampling.${name}`);
  }
  const { temperature } = sampling;
  if (temperature !== null && (thinks || temperature > 1)) dropped.push("sampling.temperature");
  const bounded = temperature === null || thinks ? null : Math.min(temperature, 1);
  return statedSampling(
    { ...sampling, temperature: bounded },
    { temperature: "temperature", topP: "top_p", topK: "top_k" },
  );
}

function write(conversation: Conversation): OutgoingConversation {
  const { format, choices, logprobs, tools, stop } = conversation;
  if (choices > 1) return impossible("choices", "This provider gives one answer to a request.");
  if (logprobs !== null) return impossible("logprobs", "This provider does not state log probabilities.");
  if (format.kind === "json") return impossible("format", "This provider answers in JSON only by a schema.");
  const dropped: string[] = [];
  const { list, system } = writeMessages(conversation, dropped);
  const maxTokens = conversation.maxOutputTokens ?? defaultMaxTokens;
  const thinking = thinkingMember(conversation, maxTokens);
  const thinks = thinking !== null && conversation.reasoning?.effort !== "none";
  const request = {
    model: conversation.model,
    max_tokens: maxTokens,
    messages: list,
    ...(conversation.streamed ? { stream: true } : {}),
    ...(tools.length === 0 ? {} : { tools: tools.map(toolMember) }),
    ...statedOnly({
      system,
      tool_choice: tools.length === 0 ? null : toolChoiceMember(conversation),
      thinking,
      output_config: outputConfigOf(conversation, dropped),
      metadata: conversation.endUser === null ? null : { user_id: conversation.endUser },
    }),
    ...samplingOf(conversation, thinks, dropped),
    ...(stop.length === 0 ? {} : { stop_sequences: stop }),
  };
  return { kind: "request", body: Buffer.from(JSON.stringify(request)), dropped };
}

export const outbound: OutboundForm = { write, readAnswer: readWholeAnswer, newEventReader };
