import type { AnswerForm, Conversation, ReasoningWish, Tool, ToolChoice } from "../conversation.ts";
import { reasoningEfforts } from "../conversation.ts";
import type { InboundForm } from "../conversation-forms.ts";
import {
  invalid,
  isAbsent,
  isObject,
  listOf,
  names,
  nameUnknown,
  objectOf,
  optionalCount,
  optionalFlag,
  optionalNumber,
  optionalText,
  parseBody,
  textOf,
  uncarried,
  type WireObject,
} from "../wire-value.ts";
import { newEventWriter } from "./event-writer.ts";
import { readInput } from "./input.ts";
import { responseBody } from "./response-body.ts";
import { callersTools } from "./tools.ts";

const carried = names(
  "model input instructions stream store tools tool_choice parallel_tool_calls text reasoning temperature top_p " +
    "max_output_tokens user safety_identifier background include",
);
const toolMembers = names("type name description parameters strict");
const textMembers = names("format");
const formatMembers = names("type name description schema strict");
const reasoningMembers = names("effort summary generate_summary");
/** What every answer of ours has. */
const included = "reasoning.encrypted_content";

/** Null for tools that only OpenAI's models know how to call: an agent offers them beside others. */
function toolOf(value: unknown, at: string, dropped: Set<string>): Tool | null {
  const tool = objectOf(value, at);
  if (!callersTools.has(tool["type"])) throw uncarried(`${at}.type`);
  if (tool["type"] !== "function") {
    dropped.add(`${at}.${String(tool["type"])}`);
    return null;
  }
  nameUnknown(dropped, tool, toolMembers, "tools");
  return {
    name: textOf(tool["name"], `${at}.name`),
    description: optionalText(tool["description"], `${at}.description`),
    parameters: isAbsent(tool["parameters"])
      ? { type: "object", properties: {} }
      : objectOf(tool["parameters"], `${at}.parameters`),
    strict: optionalFlag(tool["strict"], `${at}.strict`),
  };
}

function toolChoiceOf(value: unknown): ToolChoice | null {
  if (isAbsent(value)) return null;
  if (value === "auto" || value === "none" || value === "required") return { kind: value };
  if (isObject(value) && value["type"] === "function")
    return { kind: "tool", name: textOf(value["name"], "tool_choice.name") };
  throw uncarried("tool_choice");
}

function formatOf({ text }: WireObject, dropped: Set<string>): AnswerForm {
  if (isObject(text)) nameUnknown(dropped, text, textMembers, "text");
  const format = isObject(text) ? text["format"] : null;
  if (isAbsent(format)) return { kind: "text" };
  const given = objectOf(format, "text.format");
  if (given["type"] === "text") return { kind: "text" };
  if (given["type"] === "json_object") return { kind: "json" };
  if (given["type"] !== "json_schema") throw invalid("text.format.type", "This format does not exist.");
  nameUnknown(dropped, given, formatMembers, "text.format");
  return {
    kind: "json_schema",
    name: textOf(given["name"], "text.format.name"),
    description: optionalText(given["description"], "text.format.description"),
    schema: objectOf(given["schema"], "text.format.schema"),
    strict: optionalFlag(given["strict"], "text.format.strict"),
  };
}

function reasoningOf({ reasoning }: WireObject, dropped: Set<string>): ReasoningWish | null {
  if (!isObject(reasoning)) return null;
  nameUnknown(dropped, reasoning, reasoningMembers, "reasoning");
  const effort = reasoningEfforts.find((one) => one === reasoning["effort"]) ?? null;
  if (effort === null && !isAbsent(reasoning["effort"])) dropped.add("reasoning.effort");
  const shown = !isAbsent(reasoning["summary"] ?? reasoning["generate_summary"]);
  return effort === null && !shown ? null : { effort, budgetTokens: null, shown };
}

function conversationOf(request: WireObject, dropped: Set<string>): Conversation {
  const { system, turns } = readInput(request["input"], dropped);
  const instructions = optionalText(request["instructions"], "instructions");
  return {
    model: textOf(request["model"], "model"),
    streamed: optionalFlag(request["stream"], "stream") ?? false,
    system: instructions === null ? system : [instructions, ...system],
    turns,
    tools: listOf(request["tools"], "tools").flatMap((tool, index) => toolOf(tool, `tools[${index}]`, dropped) ?? []),
    toolChoice: toolChoiceOf(request["tool_choice"]),
    parallelToolCalls: optionalFlag(request["parallel_tool_calls"], "parallel_tool_calls"),
    format: formatOf(request, dropped),
    sampling: {
      temperature: optionalNumber(request["temperature"], "temperature"),
      topP: optionalNumber(request["top_p"], "top_p"),
      topK: null,
      frequencyPenalty: null,
      presencePenalty: null,
      seed: null,
    },
    stop: [],
    maxOutputTokens: optionalCount(request["max_output_tokens"], "max_output_tokens", 1),
    choices: 1,
    logprobs: null,
    reasoning: reasoningOf(request, dropped),
    endUser: optionalText(request["safety_identifier"] ?? request["user"], "user"),
  };
}

export const inbound: InboundForm = {
  read({ body }) {
    const request = parseBody(body);
    const dropped = new Set<string>();
    nameUnknown(dropped, request, carried);
    if (listOf(request["include"], "include").some((one) => one !== included)) dropped.add("include");
    const conversation = conversationOf(request, dropped);
    return {
      conversation,
      dropped: [...dropped],
      answerBody: (answer, identity) => Buffer.from(JSON.stringify(responseBody(request, identity, answer))),
      newEventWriter: (identity) => newEventWriter(request, identity),
    };
  },
};
