import type { AssistantPart, DocumentPart, ImagePart, TextPart, ToolCallPart, Turn } from "../conversation.ts";
import { createTurnList, sourceOfUrl } from "../turns.ts";
import {
  invalid,
  isAbsent,
  isObject,
  listOf,
  objectOf,
  optionalText,
  textOf,
  uncarried,
  type WireObject,
} from "../wire-value.ts";

const text = (value: string): TextPart => ({ kind: "text", text: value });

function textsOf(content: unknown, at: string): TextPart[] {
  if (isAbsent(content)) return [];
  if (typeof content === "string") return content === "" ? [] : [text(content)];
  return listOf(content, at).map((one, index) => {
    const part = objectOf(one, `${at}[${index}]`);
    if (part["type"] !== "text") throw uncarried(`${at}[${index}].type`);
    return text(textOf(part["text"], `${at}[${index}].text`));
  });
}

function imageOf(part: WireObject, at: string): ImagePart {
  const image = objectOf(part["image_url"], `${at}.image_url`);
  const { detail } = image;
  return {
    kind: "image",
    source: sourceOfUrl(textOf(image["url"], `${at}.image_url.url`)),
    detail: detail === "low" || detail === "high" || detail === "auto" ? detail : null,
  };
}

function documentOf(part: WireObject, at: string): DocumentPart {
  const file = objectOf(part["file"], `${at}.file`);
  if (isAbsent(file["file_data"])) throw uncarried(`${at}.file.file_id`);
  const source = sourceOfUrl(textOf(file["file_data"], `${at}.file.file_data`));
  return { kind: "document", source, name: optionalText(file["filename"], `${at}.file.filename`) };
}

function userPartsOf(content: unknown, at: string): (TextPart | ImagePart | DocumentPart)[] {
  if (typeof content === "string") return [text(content)];
  return listOf(content, at).map((one, index) => {
    const where = `${at}[${index}]`;
    const part = objectOf(one, where);
    if (part["type"] === "text") return text(textOf(part["text"], `${where}.text`));
    if (part["type"] === "image_url") return imageOf(part, where);
    if (part["type"] === "file") return documentOf(part, where);
    throw uncarried(`${where}.type`);
  });
}

function toolCallOf(value: unknown, at: string): ToolCallPart {
  const call = objectOf(value, at);
  if (!isObject(call["function"])) throw uncarried(`${at}.type`);
  return {
    kind: "tool_call",
    id: textOf(call["id"], `${at}.id`),
    name: textOf(call["function"]["name"], `${at}.function.name`),
    arguments: textOf(call["function"]["arguments"], `${at}.function.arguments`),
  };
}

/** Thoughts as we gave them; without a seal no provider wants them back. */
function reasoningOf(message: WireObject): AssistantPart[] {
  if (!Array.isArray(message["reasoning_details"])) return [];
  return message["reasoning_details"].filter(isObject).map((detail) => ({
    kind: "reasoning" as const,
    text: typeof detail["text"] === "string" ? detail["text"] : "",
    signature: typeof detail["signature"] === "string" ? detail["signature"] : null,
    encrypted: typeof detail["data"] === "string" ? detail["data"] : null,
  }));
}

function assistantPartsOf(message: WireObject, at: string): AssistantPart[] {
  if (!isAbsent(message["function_call"]) || !isAbsent(message["audio"])) throw uncarried(at);
  const content = message["content"];
  const said = Array.isArray(content) ? content.filter((part) => !isRefusal(part)) : content;
  const refusals = [...(Array.isArray(content) ? content.filter(isRefusal) : []), message].flatMap((one) =>
    typeof one["refusal"] === "string" && one["refusal"] !== "" ? [one["refusal"]] : [],
  );
  const calls = listOf(message["tool_calls"], `${at}.tool_calls`);
  return [
    ...reasoningOf(message),
    ...textsOf(said, `${at}.content`),
    ...refusals.map((refusal) => ({ kind: "refusal" as const, text: refusal })),
    ...calls.map((call, index) => toolCallOf(call, `${at}.tool_calls[${index}]`)),
  ];
}

const isRefusal = (part: unknown): part is WireObject => isObject(part) && part["type"] === "refusal";

/** Instructions after the first turn go to the front: only there all providers take them. */
export function readMessages(value: unknown, dropped: string[]): { system: string[]; turns: readonly Turn[] } {
  const messages = listOf(value, "messages");
  if (messages.length === 0) throw invalid("messages", "'messages' must not be empty.");
  const system: string[] = [];
  const list = createTurnList();
  for (const [index, one] of messages.entries()) {
    const at = `messages[${index}]`;
    const message = objectOf(one, at);
    switch (message["role"]) {
      case "system":
      case "developer":
        if (list.turns.length > 0) dropped.push(`${at}.place`);
        system.push(...textsOf(message["content"], `${at}.content`).map((part) => part.text));
        break;
      case "user":
        list.user(userPartsOf(message["content"], `${at}.content`));
        break;
      case "assistant":
        list.assistant(assistantPartsOf(message, at));
        break;
      case "tool": {
        const callId = textOf(message["tool_call_id"], `${at}.tool_call_id`);
        const parts = textsOf(message["content"], `${at}.content`);
        list.user([{ kind: "tool_result", callId, parts, isError: false }]);
        break;
      }
      default:
        throw invalid(`${at}.role`, "This role does not exist.");
    }
  }
  return { system, turns: list.turns };
}
