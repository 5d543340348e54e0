import type { AssistantPart, DocumentPart, ImagePart, TextPart, ToolCallPart, Turn } from "../conversation.ts";
import { createTurnList, detailOf, sourceOfUrl } from "../turns.ts";
import {
  invalid,
  isAbsent,
  isObject,
  listOf,
  names,
  nameUnknown,
  objectOf,
  optionalText,
  textOf,
  uncarried,
  wordOf,
  type WireObject,
} from "../wire-value.ts";

const messageMembers = names(
  "role content refusal tool_calls tool_call_id reasoning_details reasoning_content reasoning audio function_call",
);
const partMembers = names("type text image_url file refusal");
const imageMembers = names("url detail");
const fileMembers = names("file_data filename file_id");
const callMembers = names("id type function index");
const calledMembers = names("name arguments");

const text = (value: string): TextPart => ({ kind: "text", text: value });

function textsOf(content: unknown, at: string, dropped: Set<string>): TextPart[] {
  if (isAbsent(content)) return [];
  if (typeof content === "string") return content === "" ? [] : [text(content)];
  return listOf(content, at).map((one, index) => {
    const part = objectOf(one, `${at}[${index}]`);
    if (part["type"] !== "text") throw uncarried(`${at}[${index}].type`);
    nameUnknown(dropped, part, partMembers, "messages.content");
    return text(textOf(part["text"], `${at}[${index}].text`));
  });
}

function imageOf(part: WireObject, at: string, dropped: Set<string>): ImagePart {
  const image = objectOf(part["image_url"], `${at}.image_url`);
  nameUnknown(dropped, image, imageMembers, "image");
  const source = sourceOfUrl(textOf(image["url"], `${at}.image_url.url`));
  return { kind: "image", source, detail: detailOf(image["detail"], dropped) };
}

function documentOf(part: WireObject, at: string, dropped: Set<string>): DocumentPart {
  const file = objectOf(part["file"], `${at}.file`);
  nameUnknown(dropped, file, fileMembers, "messages.content.file");
  if (isAbsent(file["file_data"])) throw uncarried(`${at}.file.file_id`);
  const source = sourceOfUrl(textOf(file["file_data"], `${at}.file.file_data`));
  return { kind: "document", source, name: optionalText(file["filename"], `${at}.file.filename`) };
}

function userPartsOf(content: unknown, at: string, dropped: Set<string>): (TextPart | ImagePart | DocumentPart)[] {
  if (typeof content === "string") return [text(content)];
  return listOf(content, at).map((one, index) => {
    const where = `${at}[${index}]`;
    const part = objectOf(one, where);
    nameUnknown(dropped, part, partMembers, "messages.content");
    if (part["type"] === "text") return text(textOf(part["text"], `${where}.text`));
    if (part["type"] === "image_url") return imageOf(part, where, dropped);
    if (part["type"] === "file") return documentOf(part, where, dropped);
    throw uncarried(`${where}.type`);
  });
}

function toolCallOf(value: unknown, at: string, dropped: Set<string>): ToolCallPart {
  const call = objectOf(value, at);
  if (!isObject(call["function"])) throw uncarried(`${at}.type`);
  nameUnknown(dropped, call, callMembers, "messages.tool_calls");
  nameUnknown(dropped, call["function"], calledMembers, "messages.tool_calls.function");
  return {
    kind: "tool_call",
    id: textOf(call["id"], `${at}.id`),
    name: textOf(call["function"]["name"], `${at}.function.name`),
    arguments: textOf(call["function"]["arguments"], `${at}.function.arguments`),
  };
}

/** Thoughts as we gave them; without a seal no provider wants them back. */
function reasoningOf(message: WireObject): AssistantPart[] {
  if (!Array.isArray(message["reasoning_details"])) {
    const thoughts = wordOf(message["reasoning_content"] ?? message["reasoning"]);
    return thoughts === "" ? [] : [{ kind: "reasoning", text: thoughts, signature: null, encrypted: null }];
  }
  return message["reasoning_details"].filter(isObject).map((detail) => ({
    kind: "reasoning" as const,
    text: typeof detail["text"] === "string" ? detail["text"] : "",
    signature: typeof detail["signature"] === "string" ? detail["signature"] : null,
    encrypted: typeof detail["data"] === "string" ? detail["data"] : null,
  }));
}

function assistantPartsOf(message: WireObject, at: string, dropped: Set<string>): AssistantPart[] {
  if (!isAbsent(message["function_call"]) || !isAbsent(message["audio"])) throw uncarried(at);
  const content = message["content"];
  const said = Array.isArray(content) ? content.filter((part) => !isRefusal(part)) : content;
  const refusals = [...(Array.isArray(content) ? content.filter(isRefusal) : []), message].flatMap((one) =>
    typeof one["refusal"] === "string" && one["refusal"] !== "" ? [one["refusal"]] : [],
  );
  const calls = listOf(message["tool_calls"], `${at}.tool_calls`);
  return [
    ...reasoningOf(message),
    ...textsOf(said, `${at}.content`, dropped),
    ...refusals.map((refusal) => ({ kind: "refusal" as const, text: refusal })),
    ...calls.map((call, index) => toolCallOf(call, `${at}.tool_calls[${index}]`, dropped)),
  ];
}

const isRefusal = (part: unknown): part is WireObject => isObject(part) && part["type"] === "refusal";

/** Instructions after the first turn go to the front: only there all providers take them. */
export function readMessages(value: unknown, dropped: Set<string>): { system: string[]; turns: readonly Turn[] } {
  const messages = listOf(value, "messages");
  if (messages.length === 0) throw invalid("messages", "'messages' must not be empty.");
  const system: string[] = [];
  const list = createTurnList();
  for (const [index, one] of messages.entries()) {
    const at = `messages[${index}]`;
    const message = objectOf(one, at);
    nameUnknown(dropped, message, messageMembers, "messages");
    switch (message["role"]) {
      case "system":
      case "developer":
        if (list.turns.length > 0) dropped.add(`${at}.place`);
        system.push(...textsOf(message["content"], `${at}.content`, dropped).map((part) => part.text));
        break;
      case "user":
        list.user(userPartsOf(message["content"], `${at}.content`, dropped));
        break;
      case "assistant":
        list.assistant(assistantPartsOf(message, at, dropped));
        break;
      case "tool": {
        const callId = textOf(message["tool_call_id"], `${at}.tool_call_id`);
        const parts = textsOf(message["content"], `${at}.content`, dropped);
        list.user([{ kind: "tool_result", callId, parts, isError: false }]);
        break;
      }
      default:
        throw invalid(`${at}.role`, "This role does not exist.");
    }
  }
  return { system, turns: list.turns };
}
