import type {
  AssistantPart,
  Conversation,
  DocumentPart,
  ImagePart,
  TextPart,
  ToolResultPart,
  UserPart,
} from "@topdog/dialects/conversation";
import { parseObject } from "@topdog/dialects/wire-value";
import { ownSeal } from "./seals.ts";

/** What the API has no form for; the answer would be another one without it. */
export class Uncarried extends Error {
  readonly what: string;
  constructor(what: string, detail: string) {
    super(detail);
    this.what = what;
  }
}

const imageFormats: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
  }),
);
const documentFormats: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  }),
);
const maxNameCharacters = 200;

function dataOf(kind: "image" | "document", source: ImagePart["source"], formats: ReadonlyMap<string, string>) {
  if (source.kind === "url")
    throw new Uncarried(`${kind}.url`, "This provider takes images and documents only as data.");
  const format = formats.get(source.mediaType);
  if (format === undefined)
    throw new Uncarried(`${kind}.mediaType`, `This provider does not take ${source.mediaType}.`);
  return { format, source: { bytes: source.base64 } };
}

/** Only these characters are taken, and no two blanks beside one another. */
const nameOf = (name: string | null): string =>
  (name ?? "document")
    .replaceAll(/[^\w\-()[\]]+/g, " ")
    .trim()
    .slice(0, maxNameCharacters) || "document";

function documentBlock({ source, name }: DocumentPart): object {
  const data =
    source.kind === "text"
      ? { format: "txt", source: { bytes: Buffer.from(source.text).toString("base64") } }
      : dataOf("document", source, documentFormats);
  return { document: { name: nameOf(name), ...data } };
}

/** Null for a text that shows nothing: the API refuses it. */
function mediaBlock(part: TextPart | ImagePart | DocumentPart, dropped: string[]): object | null {
  if (part.kind === "text") return part.text.trim() === "" ? null : { text: part.text };
  if (part.kind === "document") return documentBlock(part);
  if (part.detail !== null && part.detail !== "auto") dropped.push("image.detail");
  return { image: dataOf("image", part.source, imageFormats) };
}

const present = (blocks: readonly (object | null)[]): object[] => blocks.filter((block) => block !== null);

function resultBlock({ callId, parts, isError }: ToolResultPart, dropped: string[]): object {
  const content = present(parts.map((part) => mediaBlock(part, dropped)));
  const result = { toolUseId: callId, content: content.length === 0 ? [{ json: {} }] : content };
  return { toolResult: isError ? { ...result, status: "error" } : result };
}

const userBlocks = (parts: readonly UserPart[], dropped: string[]): object[] => [
  ...parts.filter((part) => part.kind === "tool_result").map((part) => resultBlock(part, dropped)),
  ...present(parts.filter((part) => part.kind !== "tool_result").map((part) => mediaBlock(part, dropped))),
];

/** Null for thoughts of another provider's model. */
function assistantBlock(part: AssistantPart): object | null {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text.trim() === "" ? null : { text: part.text };
    case "tool_call": {
      const input = parseObject(Buffer.from(part.arguments)) ?? {};
      return { toolUse: { toolUseId: part.id, name: part.name, input } };
    }
    case "reasoning": {
      const redactedContent = ownSeal(part.encrypted);
      if (redactedContent !== null) return { reasoningContent: { redactedContent } };
      const signature = ownSeal(part.signature);
      return signature === null ? null : { reasoningContent: { reasoningText: { text: part.text, signature } } };
    }
  }
}

/** Throws Uncarried. */
export function messagesOf({ turns }: Conversation, dropped: string[]): object[] {
  return turns.flatMap(({ role, parts }) => {
    const content = role === "user" ? userBlocks(parts, dropped) : present(parts.map(assistantBlock));
    const thoughts = role === "user" ? 0 : parts.filter(({ kind }) => kind === "reasoning").length;
    if (content.filter((block) => "reasoningContent" in block).length < thoughts) dropped.push("turns.reasoning");
    return content.length === 0 ? [] : [{ role, content }];
  });
}
