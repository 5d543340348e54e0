import type { AssistantPart, DocumentPart, ImagePart, MediaSource, TextPart, Turn, UserPart } from "../conversation.ts";
import { createTurnList } from "../turns.ts";
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

const messageMembers = names("role content");
const blockMembers = names(
  "type text source title context thinking signature data id name input tool_use_id content is_error",
);
const sourceMembers = names("type media_type data url");

interface Block {
  readonly at: string;
  readonly block: WireObject;
}

/** Blocks of a content; a string is one text block. */
function blocksOf(content: unknown, at: string, dropped: Set<string>): Block[] {
  if (isAbsent(content)) return [];
  if (typeof content === "string") return [{ at, block: { type: "text", text: content } }];
  return listOf(content, at).map((one, index) => {
    const where = `${at}[${index}]`;
    const block = objectOf(one, where);
    nameUnknown(dropped, block, blockMembers, "messages.content");
    if (isObject(block["source"])) nameUnknown(dropped, block["source"], sourceMembers, "messages.content.source");
    return { at: where, block };
  });
}

const textPart = ({ at, block }: Block): TextPart => ({ kind: "text", text: textOf(block["text"], `${at}.text`) });

export const textsOf = (content: unknown, at: string, dropped: Set<string>): TextPart[] =>
  blocksOf(content, at, dropped).map((one) => {
    if (one.block["type"] !== "text") throw uncarried(`${one.at}.type`);
    return textPart(one);
  });

function sourceOf({ at, block }: Block): MediaSource | { readonly kind: "text"; readonly text: string } {
  const source = objectOf(block["source"], `${at}.source`);
  switch (source["type"]) {
    case "base64":
      return {
        kind: "base64",
        mediaType: textOf(source["media_type"], `${at}.source.media_type`),
        base64: textOf(source["data"], `${at}.source.data`),
      };
    case "url":
      return { kind: "url", url: textOf(source["url"], `${at}.source.url`) };
    case "text":
      return { kind: "text", text: textOf(source["data"], `${at}.source.data`) };
    default:
      throw uncarried(`${at}.source.type`);
  }
}

/** What is said about a document stands before it: no other dialect has a place for that. */
function documentParts(one: Block): (TextPart | DocumentPart)[] {
  const { at, block } = one;
  const context = optionalText(block["context"], `${at}.context`) ?? "";
  return [
    ...(context === "" ? [] : [{ kind: "text" as const, text: context }]),
    { kind: "document", source: sourceOf(one), name: optionalText(block["title"], `${at}.title`) },
  ];
}

function mediaParts(one: Block): (TextPart | ImagePart | DocumentPart)[] {
  const { at, block } = one;
  if (block["type"] === "text") return [textPart(one)];
  if (block["type"] === "document") return documentParts(one);
  if (block["type"] !== "image") throw uncarried(`${at}.type`);
  const source = sourceOf(one);
  if (source.kind === "text") throw invalid(`${at}.source.type`, "An image is no text.");
  return [{ kind: "image", source, detail: null }];
}

function userParts(one: Block, dropped: Set<string>): UserPart[] {
  const { at, block } = one;
  if (block["type"] !== "tool_result") return mediaParts(one);
  const callId = textOf(block["tool_use_id"], `${at}.tool_use_id`);
  const parts = blocksOf(block["content"], `${at}.content`, dropped).flatMap(mediaParts);
  return [{ kind: "tool_result", callId, parts, isError: block["is_error"] === true }];
}

function assistantPart({ at, block }: Block): AssistantPart {
  switch (block["type"]) {
    case "text":
      return textPart({ at, block });
    case "tool_use":
      return {
        kind: "tool_call",
        id: textOf(block["id"], `${at}.id`),
        name: textOf(block["name"], `${at}.name`),
        arguments: JSON.stringify(objectOf(block["input"], `${at}.input`)),
      };
    case "thinking": {
      const signature = wordOf(block["signature"]);
      const text = textOf(block["thinking"], `${at}.thinking`);
      return { kind: "reasoning", text, signature: signature === "" ? null : signature, encrypted: null };
    }
    case "redacted_thinking":
      return { kind: "reasoning", text: "", signature: null, encrypted: textOf(block["data"], `${at}.data`) };
    default:
      throw uncarried(`${at}.type`);
  }
}

/** Instructions after the first turn go to the front: only there all providers take them. */
export function readMessages(
  value: unknown,
  dropped: Set<string>,
): { readonly system: readonly string[]; readonly turns: readonly Turn[] } {
  const list = createTurnList();
  const system: string[] = [];
  for (const [index, one] of listOf(value, "messages").entries()) {
    const at = `messages[${index}]`;
    const message = objectOf(one, at);
    nameUnknown(dropped, message, messageMembers, "messages");
    const { role, content } = message;
    if (role === "system") {
      dropped.add(`${at}.place`);
      system.push(...textsOf(content, `${at}.content`, dropped).map(({ text }) => text));
      continue;
    }
    const blocks = blocksOf(content, `${at}.content`, dropped);
    if (role === "user") list.user(blocks.flatMap((block) => userParts(block, dropped)));
    else if (role === "assistant") list.assistant(blocks.map(assistantPart));
    else throw invalid(`${at}.role`, "This role does not exist.");
  }
  return { system, turns: list.turns };
}
