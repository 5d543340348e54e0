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
import { answerBody } from "./answer-body.ts";
import { newEventWriter } from "./event-writer.ts";
import { readMessages, textsOf } from "./messages.ts";

const carried = names(
  "model messages system stream max_tokens tools tool_choice thinking output_config output_format stop_sequences " +
    "temperature top_p top_k metadata",
);
const toolMembers = names("type name description input_schema strict");
/** By the member that they stand in. */
const inside: Readonly<Record<string, ReadonlySet<string>>> = {
  thinking: names("type budget_tokens display"),
  output_config: names("effort format"),
  metadata: names("user_id"),
  tool_choice: names("type name disable_parallel_tool_use"),
};
/** They change the answer, or where it may be made. */
const refused = ["container", "mcp_servers", "inference_geo"];

function toolOf(value: unknown, at: string, dropped: Set<string>): Tool {
  const tool = objectOf(value, at);
  if (!isAbsent(tool["type"]) && tool["type"] !== "custom") throw uncarried(`${at}.type`);
  nameUnknown(dropped, tool, toolMembers, "tools");
  return {
    name: textOf(tool["name"], `${at}.name`),
    description: optionalText(tool["description"], `${at}.description`),
    parameters: objectOf(tool["input_schema"], `${at}.input_schema`),
    strict: optionalFlag(tool["strict"], `${at}.strict`),
  };
}

function toolChoiceOf(value: unknown): { readonly choice: ToolChoice | null; readonly parallel: boolean | null } {
  if (isAbsent(value)) return { choice: null, parallel: null };
  const given = objectOf(value, "tool_choice");
  const parallel = given["disable_parallel_tool_use"] === true ? false : null;
  switch (given["type"]) {
    case "auto":
    case "none":
      return { choice: { kind: given["type"] }, parallel };
    case "any":
      return { choice: { kind: "required" }, parallel };
    case "tool":
      return { choice: { kind: "tool", name: textOf(given["name"], "tool_choice.name") }, parallel };
    default:
      throw invalid("tool_choice.type", "This choice does not exist.");
  }
}

function reasoningOf({ thinking, output_config: config }: WireObject, dropped: Set<string>): ReasoningWish | null {
  const given = isObject(thinking) ? thinking : {};
  const word = isObject(config) ? config["effort"] : null;
  const effort = reasoningEfforts.find((one) => one === word) ?? null;
  if (effort === null && !isAbsent(word)) dropped.add("output_config.effort");
  if (given["type"] === "disabled") return { effort: "none", budgetTokens: null, shown: false };
  const isOn = given["type"] === "enabled" || given["type"] === "adaptive";
  if (!isOn && effort === null) return null;
  const budgetTokens = optionalCount(given["budget_tokens"], "thinking.budget_tokens", 1);
  return { effort, budgetTokens, shown: isOn && given["display"] !== "omitted" };
}

function formatOf(request: WireObject): AnswerForm {
  const config = isObject(request["output_config"]) ? request["output_config"] : {};
  const format = config["format"] ?? request["output_format"];
  if (isAbsent(format)) return { kind: "text" };
  const { type, schema } = objectOf(format, "output_config.format");
  if (type !== "json_schema") throw invalid("output_config.format.type", "This format does not exist.");
  const given = objectOf(schema, "output_config.format.schema");
  return { kind: "json_schema", name: "answer", description: null, schema: given, strict: true };
}

function conversationOf(request: WireObject, dropped: Set<string>): Conversation {
  const { choice, parallel } = toolChoiceOf(request["tool_choice"]);
  const { system, turns } = readMessages(request["messages"], dropped);
  const metadata = isObject(request["metadata"]) ? request["metadata"] : {};
  return {
    model: textOf(request["model"], "model"),
    streamed: optionalFlag(request["stream"], "stream") ?? false,
    system: [...textsOf(request["system"], "system", dropped).map(({ text }) => text), ...system],
    turns,
    tools: listOf(request["tools"], "tools").map((tool, index) => toolOf(tool, `tools[${index}]`, dropped)),
    toolChoice: choice,
    parallelToolCalls: parallel,
    format: formatOf(request),
    sampling: {
      temperature: optionalNumber(request["temperature"], "temperature"),
      topP: optionalNumber(request["top_p"], "top_p"),
      topK: optionalCount(request["top_k"], "top_k", 0),
      frequencyPenalty: null,
      presencePenalty: null,
      seed: null,
    },
    stop: listOf(request["stop_sequences"], "stop_sequences").map((one, at) => textOf(one, `stop_sequences[${at}]`)),
    maxOutputTokens: optionalCount(request["max_tokens"], "max_tokens", 1),
    choices: 1,
    logprobs: null,
    reasoning: reasoningOf(request, dropped),
    endUser: optionalText(metadata["user_id"], "metadata.user_id"),
  };
}

export const inbound: InboundForm = {
  read({ body }) {
    const request = parseBody(body);
    for (const name of refused) if (!isAbsent(request[name])) throw uncarried(name);
    const dropped = new Set<string>();
    nameUnknown(dropped, request, carried);
    for (const [name, known] of Object.entries(inside)) {
      const value = request[name];
      if (isObject(value)) nameUnknown(dropped, value, known, name);
    }
    const conversation = conversationOf(request, dropped);
    return { conversation, dropped: [...dropped], answerBody, newEventWriter };
  },
};
