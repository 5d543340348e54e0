import type { AssistantPart, DocumentPart, ImagePart, TextPart, Turn } from "../conversation.ts";
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

type Shown = TextPart | ImagePart | DocumentPart;

/** Ids and states are of the response that it was once. */
const itemMembers = names("type role content id status call_id name arguments output summary encrypted_content");
const partMembers = names("type text image_url detail file_id file_data file_url filename refusal");

function shownPart(part: WireObject, at: string, dropped: Set<string>): Shown {
  nameUnknown(dropped, part, partMembers, "input.content");
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
      return { kind: "text", text: textOf(part["text"], `${at}.text`) };
    case "input_image": {
      if (isAbsent(part["image_url"])) throw uncarried(`${at}.file_id`);
      const source = sourceOfUrl(textOf(part["image_url"], `${at}.image_url`));
      return { kind: "image", source, detail: detailOf(part["detail"], dropped) };
    }
    case "input_file": {
      const place = part["file_data"] ?? part["file_url"];
      if (isAbsent(place)) throw uncarried(`${at}.file_id`);
      const name = optionalText(part["filename"], `${at}.filename`);
      if (!isAbsent(part["detail"])) dropped.add("input.content.detail");
      return { kind: "document", source: sourceOfUrl(textOf(place, `${at}.file_data`)), name };
    }
    default:
      throw uncarried(`${at}.type`);
  }
}

function shownParts(content: unknown, at: string, dropped: Set<string>): Shown[] {
  if (typeof content === "string") return [{ kind: "text", text: content }];
  return listOf(content, at).map((one, index) =>
    shownPart(objectOf(one, `${at}[${index}]`), `${at}[${index}]`, dropped),
  );
}

function assistantParts(content: unknown, at: string, dropped: Set<string>): AssistantPart[] {
  if (typeof content === "string") return [{ kind: "text", text: content }];
  return listOf(content, at).map((one, index) => {
    const part = objectOf(one, `${at}[${index}]`);
    nameUnknown(dropped, part, partMembers, "input.content");
    if (part["type"] === "refusal") return { kind: "refusal", text: wordOf(part["refusal"]) };
    return { kind: "text", text: textOf(part["text"], `${at}[${index}].text`) };
  });
}

/** The thoughts as we gave them: a signature stands before the encrypted ones that it is not. */
function reasoningPart(item: WireObject): AssistantPart {
  const summary = Array.isArray(item["summary"]) ? item["summary"].filter(isObject) : [];
  const sealed = wordOf(item["encrypted_content"]);
  const signature = sealed.startsWith("signature.") ? sealed.slice("signature.".length) : null;
  const encrypted = signature === null && sealed !== "" ? sealed : null;
  return { kind: "reasoning", text: summary.map((part) => wordOf(part["text"])).join("\n\n"), signature, encrypted };
}

/** Instructions after the first turn go to the front: only there all providers take them. */
export function readInput(value: unknown, dropped: Set<string>): { system: string[]; turns: readonly Turn[] } {
  const list = createTurnList();
  const system: string[] = [];
  const items = typeof value === "string" ? [{ role: "user", content: value }] : listOf(value, "input");
  for (const [index, one] of items.entries()) {
    const at = `input[${index}]`;
    const item = objectOf(one, at);
    nameUnknown(dropped, item, itemMembers, "input");
    switch (item["type"] ?? "message") {
      case "message":
        readMessage(item, at);
        break;
      case "function_call":
        list.assistant([
          {
            kind: "tool_call",
            id: textOf(item["call_id"], `${at}.call_id`),
            name: textOf(item["name"], `${at}.name`),
            arguments: textOf(item["arguments"], `${at}.arguments`),
          },
        ]);
        break;
      case "function_call_output": {
        const callId = textOf(item["call_id"], `${at}.call_id`);
        const parts = shownParts(item["output"], `${at}.output`, dropped);
        list.user([{ kind: "tool_result", callId, parts, isError: false }]);
        break;
      }
      case "reasoning":
        if (Array.isArray(item["content"]) && item["content"].length > 0) dropped.add("input.content");
        list.assistant([reasoningPart(item)]);
        break;
      default:
        throw uncarried(`${at}.type`);
    }
  }
  return { system, turns: list.turns };

  function readMessage({ role, content }: WireObject, at: string): void {
    if (role === "user") list.user(shownParts(content, `${at}.content`, dropped));
    else if (role === "assistant") list.assistant(assistantParts(content, `${at}.content`, dropped));
    else if (role === "system" || role === "developer") {
      if (list.turns.length > 0) dropped.add(`${at}.place`);
      for (const part of shownParts(content, `${at}.content`, dropped))
        if (part.kind === "text") system.push(part.text);
    } else throw invalid(`${at}.role`, "This role does not exist.");
  }
}
