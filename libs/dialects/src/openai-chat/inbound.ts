import type { AnswerForm, Conversation, ReasoningEffort, Tool, ToolChoice } from "../conversation.ts";
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
import { answerBody } from "./answer-body.ts";
import { newEventWriter } from "./event-writer.ts";
import { readMessages } from "./messages.ts";

const carried = names(
  "model messages stream stream_options tools tool_choice parallel_tool_calls response_format temperature top_p " +
    "frequency_penalty presence_penalty seed stop max_tokens max_completion_tokens n logprobs top_logprobs " +
    "reasoning_effort user safety_identifier modalities",
);
const streamOptions = names("include_usage");
const toolMembers = names("type function");
const functionMembers = names("name description parameters strict");
const schemaMembers = names("name description schema strict");
/** They change the answer. */
const refused = ["audio", "functions", "function_call", "logit_bias", "web_search_options"];

function toolOf(value: unknown, at: string, dropped: Set<string>): Tool {
  const tool = objectOf(value, at);
  if (tool["type"] !== "function") throw uncarried(`${at}.type`);
  const made = objectOf(tool["function"], `${at}.function`);
  nameUnknown(dropped, tool, toolMembers, "tools");
  nameUnknown(dropped, made, functionMembers, "tools.function");
  return {
    name: textOf(made["name"], `${at}.function.name`),
    description: optionalText(made["description"], `${at}.function.description`),
    parameters: isAbsent(made["parameters"])
      ? { type: "object", properties: {} }
      : objectOf(made["parameters"], `${at}.function.parameters`),
    strict: optionalFlag(made["strict"], `${at}.function.strict`),
  };
}

function toolChoiceOf(value: unknown): ToolChoice | null {
  if (isAbsent(value)) return null;
  if (value === "auto" || value === "none" || value === "required") return { kind: value };
  const named = isObject(value) && value["type"] === "function" ? value["function"] : null;
  if (isObject(named)) return { kind: "tool", name: textOf(named["name"], "tool_choice.function.name") };
  throw uncarried("tool_choice");
}

function formatOf(value: unknown, dropped: Set<string>): AnswerForm {
  if (isAbsent(value)) return { kind: "text" };
  const format = objectOf(value, "response_format");
  if (format["type"] === "text") return { kind: "text" };
  if (format["type"] === "json_object") return { kind: "json" };
  if (format["type"] !== "json_schema") throw invalid("response_format.type", "This format does not exist.");
  const given = objectOf(format["json_schema"], "response_format.json_schema");
  nameUnknown(dropped, given, schemaMembers, "response_format.json_schema");
  return {
    kind: "json_schema",
    name: textOf(given["name"], "response_format.json_schema.name"),
    description: optionalText(given["description"], "response_format.json_schema.description"),
    schema: isAbsent(given["schema"]) ? {} : objectOf(given["schema"], "response_format.json_schema.schema"),
    strict: optionalFlag(given["strict"], "response_format.json_schema.strict"),
  };
}

function effortOf(value: unknown): ReasoningEffort | null {
  if (isAbsent(value)) return null;
  const effort = reasoningEfforts.find((one) => one === value);
  if (effort === undefined) throw invalid("reasoning_effort", "This effort does not exist.");
  return effort;
}

function stopOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return listOf(value, "stop").map((one, index) => textOf(one, `stop[${index}]`));
}

function refuseUncarried(request: WireObject): void {
  for (const name of refused) if (!isAbsent(request[name])) throw uncarried(name);
  const modalities = listOf(request["modalities"], "modalities");
  if (modalities.some((one) => one !== "text")) throw uncarried("modalities");
}

function samplingOf(request: WireObject): Conversation["sampling"] {
  return {
    temperature: optionalNumber(request["temperature"], "temperature"),
    topP: optionalNumber(request["top_p"], "top_p"),
    topK: null,
    frequencyPenalty: optionalNumber(request["frequency_penalty"], "frequency_penalty"),
    presencePenalty: optionalNumber(request["presence_penalty"], "presence_penalty"),
    seed: optionalNumber(request["seed"], "seed"),
  };
}

function conversationOf(request: WireObject, dropped: Set<string>): Conversation {
  const { system, turns } = readMessages(request["messages"], dropped);
  const effort = effortOf(request["reasoning_effort"]);
  const maxOutput = request["max_completion_tokens"] ?? request["max_tokens"];
  return {
    model: textOf(request["model"], "model"),
    streamed: optionalFlag(request["stream"], "stream") ?? false,
    system,
    turns,
    tools: listOf(request["tools"], "tools").map((tool, index) => toolOf(tool, `tools[${index}]`, dropped)),
    toolChoice: toolChoiceOf(request["tool_choice"]),
    parallelToolCalls: optionalFlag(request["parallel_tool_calls"], "parallel_tool_calls"),
    format: formatOf(request["response_format"], dropped),
    sampling: samplingOf(request),
    stop: stopOf(request["stop"]),
    maxOutputTokens: optionalCount(maxOutput, "max_completion_tokens", 1),
    choices: optionalCount(request["n"], "n", 1) ?? 1,
    logprobs:
      optionalFlag(request["logprobs"], "logprobs") === true
        ? { topCount: optionalCount(request["top_logprobs"], "top_logprobs", 0) ?? 0 }
        : null,
    reasoning: effort === null ? null : { effort, budgetTokens: null, shown: true },
    endUser: optionalText(request["safety_identifier"] ?? request["user"], "user"),
  };
}

export const inbound: InboundForm = {
  read({ body, wantsUsage }) {
    const request = parseBody(body);
    refuseUncarried(request);
    const dropped = new Set<string>();
    nameUnknown(dropped, request, carried);
    const options = request["stream_options"];
    if (isObject(options)) nameUnknown(dropped, options, streamOptions, "stream_options");
    const conversation = conversationOf(request, dropped);
    return {
      conversation,
      dropped: [...dropped],
      answerBody,
      newEventWriter: (identity) => newEventWriter(identity, { choices: conversation.choices, wantsUsage }),
    };
  },
};
