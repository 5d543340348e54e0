import type { AssistantPart, Conversation, DocumentPart, ImagePart, TextPart, UserPart } from "../conversation.ts";
import { parseObject } from "../wire-value.ts";
import { ownSeal } from "./seals.ts";

const sourceMember = (source: (ImagePart | DocumentPart)["source"]): object => {
  if (source.kind === "url") return { type: "url", url: source.url };
  if (source.kind === "text") return { type: "text", media_type: "text/plain", data: source.text };
  return { type: "base64", media_type: source.mediaType, data: source.base64 };
};

function mediaBlock(part: TextPart | ImagePart | DocumentPart, dropped: string[]): object {
  if (part.kind === "text") return { type: "text", text: part.text };
  if (part.kind === "image") {
    if (part.detail !== null && part.detail !== "auto") dropped.push("image.detail");
    return { type: "image", source: sourceMember(part.source) };
  }
  const title = part.name === null ? {} : { title: part.name };
  return { type: "document", source: sourceMember(part.source), ...title };
}

function userBlock(part: UserPart, dropped: string[]): object {
  if (part.kind !== "tool_result") return mediaBlock(part, dropped);
  const failed = part.isError ? { is_error: true } : {};
  const content = part.parts.map((one) => mediaBlock(one, dropped));
  return { type: "tool_result", tool_use_id: part.callId, content, ...failed };
}

/** Null for thoughts of another provider's model, and for text that is not there: the API takes neither. */
function assistantBlock(part: AssistantPart): object | null {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? null : { type: "text", text: part.text };
    case "tool_call":
      return { type: "tool_use", id: part.id, name: part.name, input: parseObject(Buffer.from(part.arguments)) ?? {} };
    case "reasoning": {
      const data = ownSeal(part.encrypted);
      if (data !== null) return { type: "redacted_thinking", data };
      const signature = ownSeal(part.signature);
      return signature === null ? null : { type: "thinking", thinking: part.text, signature };
    }
  }
}

/** Results of tools must stand first in a turn. */
const resultsFirst = (parts: readonly UserPart[]): UserPart[] => [
  ...parts.filter(({ kind }) => kind === "tool_result"),
  ...parts.filter(({ kind }) => kind !== "tool_result"),
];

export function writeMessages(
  { system, turns }: Conversation,
  dropped: string[],
): { readonly list: readonly object[]; readonly system: string | null } {
  const list: object[] = [];
  for (const { role, parts } of turns) {
    const content =
      role === "user" ? resultsFirst(parts).map((part) => userBlock(part, dropped)) : parts.map(assistantBlock);
    if (content.includes(null)) dropped.push("turns.reasoning");
    const blocks = content.filter((block) => block !== null);
    if (blocks.length > 0) list.push({ role, content: blocks });
  }
  return { list, system: system.length === 0 ? null : system.join("\n\n") };
}
