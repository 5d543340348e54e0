import type { Conversation, Tool } from "@topdog/dialects/conversation";
import type { OutgoingConversation } from "@topdog/dialects/conversation-forms";
import { statedOnly } from "@topdog/dialects/outgoing";
import { modelFields } from "./model-fields.ts";
import { messagesOf, Uncarried } from "./messages.ts";

const isClaude = (model: string): boolean => model.includes("anthropic.");
/** These answer in JSON only where they are told so in words. */
const withoutSchemas = /amazon\.nova|meta\.llama/;

function toolSpec({ name, description, parameters, strict }: Tool, model: string, dropped: string[]): object {
  if (strict === true && !isClaude(model)) dropped.push("tools.strict");
  return {
    toolSpec: {
      name,
      ...statedOnly({ description: description === "" ? null : description }),
      inputSchema: { json: { type: "object", ...parameters } },
      ...(strict === true && isClaude(model) ? { strict } : {}),
    },
  };
}

function toolConfig(conversation: Conversation, dropped: string[]): object | null {
  const { tools, toolChoice, model, turns } = conversation;
  if (tools.length === 0) return null;
  if (conversation.parallelToolCalls === false) dropped.push("parallelToolCalls");
  const list = { tools: tools.map((tool) => toolSpec(tool, model, dropped)) };
  switch (toolChoice?.kind) {
    case undefined:
    case "auto":
      return list;
    case "required":
      return { ...list, toolChoice: { any: {} } };
    case "tool":
      return { ...list, toolChoice: { tool: { name: toolChoice.name } } };
    case "none": {
      const spoke = turns.some(({ parts }) => parts.some(({ kind }) => kind === "tool_call" || kind === "tool_result"));
      // Calls in the turns before want the tools to be named, and then they may be called again.
      if (spoke)
        throw new Uncarried("toolChoice", "This provider cannot be kept from calling the tools of earlier turns.");
      return null;
    }
  }
}

function outputConfig({ format, model }: Conversation): object | null {
  if (format.kind === "text") return null;
  if (format.kind === "json") throw new Uncarried("format", "This provider answers in JSON only by a schema.");
  if (withoutSchemas.test(model)) throw new Uncarried("format", "This model takes no schema for its answers.");
  const { name, description, schema } = format;
  const jsonSchema = { schema: JSON.stringify(schema), name, ...statedOnly({ description }) };
  return { textFormat: { type: "json_schema", structure: { jsonSchema } } };
}

/** The range of this API ends at 1, that of others at 2; a Claude that thinks takes no temperature. */
function inferenceConfig(conversation: Conversation, dropped: string[]): object | null {
  const { sampling, stop, maxOutputTokens, reasoning, model } = conversation;
  const { temperature, topP } = sampling;
  const thinks = isClaude(model) && reasoning !== null && reasoning.effort !== "none";
  if (temperature !== null && (thinks || temperature > 1)) dropped.push("sampling.temperature");
  for (const name of ["frequencyPenalty", "presencePenalty", "seed"] as const) {
    if (sampling[name] !== null && sampling[name] !== 0) dropped.push(`sampling.${name}`);
  }
  const config = statedOnly({
    maxTokens: maxOutputTokens,
    temperature: temperature === null || thinks ? null : Math.min(temperature, 1),
    topP,
    stopSequences: stop.length === 0 ? null : stop,
  });
  return Object.keys(config).length === 0 ? null : config;
}

function requestOf(conversation: Conversation, dropped: string[]): object {
  const { system, choices, logprobs } = conversation;
  if (choices > 1) throw new Uncarried("choices", "This provider gives one answer to a request.");
  if (logprobs !== null) throw new Uncarried("logprobs", "This provider does not state log probabilities.");
  if (conversation.endUser !== null) dropped.push("endUser");
  const texts = system.filter((text) => text.trim() !== "");
  return {
    messages: messagesOf(conversation, dropped),
    ...(texts.length === 0 ? {} : { system: texts.map((text) => ({ text })) }),
    ...statedOnly({
      inferenceConfig: inferenceConfig(conversation, dropped),
      toolConfig: toolConfig(conversation, dropped),
      outputConfig: outputConfig(conversation),
      additionalModelRequestFields: modelFields(conversation, dropped),
    }),
  };
}

export function write(conversation: Conversation): OutgoingConversation {
  const dropped: string[] = [];
  try {
    const body = Buffer.from(JSON.stringify(requestOf(conversation, dropped)));
    return { kind: "request", body, dropped: [...new Set(dropped)] };
  } catch (error) {
    if (!(error instanceof Uncarried)) throw error;
    return { kind: "impossible", what: error.what, detail: error.message };
  }
}
