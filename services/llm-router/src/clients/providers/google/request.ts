import type { Conversation, Tool } from "@topdog/dialects/conversation";
import type { OutgoingConversation } from "@topdog/dialects/conversation-forms";
import { statedOnly, statedSampling } from "@topdog/dialects/outgoing";
import { contentsOf } from "./contents.ts";
import { thinkingConfig } from "./thinking.ts";

const maxStops = 5;
const maxChoices = 8;
const maxTopLogprobs = 20;

const impossible = (what: string, detail: string): OutgoingConversation => ({ kind: "impossible", what, detail });

const declaration = ({ name, description, parameters }: Tool): object => ({
  name,
  ...statedOnly({ description }),
  parametersJsonSchema: parameters,
});

/** "VALIDATED" is what the API calls a free choice whose arguments must fit their schemas; a forced call always fits. */
function callingConfig({ tools, toolChoice }: Conversation): object | null {
  const free = tools.some(({ strict }) => strict === true) ? "VALIDATED" : "AUTO";
  switch (toolChoice?.kind) {
    case undefined:
      return free === "AUTO" ? null : { mode: free };
    case "auto":
      return { mode: free };
    case "none":
      return { mode: "NONE" };
    case "required":
      return { mode: "ANY" };
    case "tool":
      return { mode: "ANY", allowedFunctionNames: [toolChoice.name] };
  }
}

function formatMembers({ format }: Conversation, dropped: string[]): Record<string, unknown> {
  if (format.kind === "text") return {};
  const responseMimeType = "application/json";
  if (format.kind === "json_schema" && format.description !== null) dropped.push("format.description");
  return format.kind === "json" ? { responseMimeType } : { responseMimeType, responseJsonSchema: format.schema };
}

function generationConfig(conversation: Conversation, dropped: string[]): Record<string, unknown> {
  const { sampling, stop, maxOutputTokens, choices, logprobs } = conversation;
  return {
    ...statedSampling(sampling, {
      temperature: "temperature",
      topP: "topP",
      topK: "topK",
      frequencyPenalty: "frequencyPenalty",
      presencePenalty: "presencePenalty",
      seed: "seed",
    }),
    ...statedOnly({ maxOutputTokens, thinkingConfig: thinkingConfig(conversation, dropped) }),
    ...(stop.length === 0 ? {} : { stopSequences: stop }),
    ...(choices === 1 ? {} : { candidateCount: choices }),
    ...(logprobs === null
      ? {}
      : { responseLogprobs: true, logprobs: Math.min(maxTopLogprobs, Math.max(1, logprobs.topCount)) }),
    ...formatMembers(conversation, dropped),
  };
}

export function write(conversation: Conversation): OutgoingConversation {
  const { system, tools, stop, choices } = conversation;
  if (stop.length > maxStops)
    return impossible("stop", `This provider takes at most ${maxStops} texts that end an answer.`);
  if (choices > maxChoices)
    return impossible("choices", `This provider gives at most ${maxChoices} answers to a request.`);
  const dropped: string[] = [];
  if (conversation.parallelToolCalls === false && tools.length > 0) dropped.push("parallelToolCalls");
  if (conversation.endUser !== null) dropped.push("endUser");
  const calling = tools.length === 0 ? null : callingConfig(conversation);
  const config = generationConfig(conversation, dropped);
  const request = {
    ...(system.length === 0 ? {} : { systemInstruction: { parts: system.map((text) => ({ text })) } }),
    contents: contentsOf(conversation, dropped),
    ...(tools.length === 0 ? {} : { tools: [{ functionDeclarations: tools.map(declaration) }] }),
    ...(calling === null ? {} : { toolConfig: { functionCallingConfig: calling } }),
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
  };
  return { kind: "request", body: Buffer.from(JSON.stringify(request)), dropped: [...new Set(dropped)] };
}
