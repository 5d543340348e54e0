import type {
  AssistantPart,
  Conversation,
  DocumentPart,
  ImagePart,
  MediaSource,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  UserPart,
} from "@topdog/dialects/conversation";
import { parseObject } from "@topdog/dialects/wire-value";
import { foreignSignature, ownSignature } from "./seals.ts";

interface Writing {
  /** By a call's id: the name of its function, which its result must repeat. */
  readonly functionNames: ReadonlyMap<string, string>;
  readonly dropped: string[];
  /** Calls without a signature are refused by these models. */
  readonly wantsSignatures: boolean;
}

const typesByEnding: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    png: "image/png",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    webp: "image/webp",
    gif: "image/gif",
    pdf: "application/pdf",
  }),
);

function sourcePart(source: MediaSource | Extract<DocumentPart["source"], { kind: "text" }>): object {
  if (source.kind === "text") return { text: source.text };
  if (source.kind === "base64") return { inlineData: { mimeType: source.mediaType, data: source.base64 } };
  const ending = /\.(\w{3,4})(?:[?#]|$)/.exec(source.url)?.[1]?.toLowerCase() ?? "";
  const mimeType = typesByEnding.get(ending);
  return { fileData: { fileUri: source.url, ...(mimeType === undefined ? {} : { mimeType }) } };
}

function mediaPart(part: TextPart | ImagePart | DocumentPart, { dropped }: Writing): object {
  if (part.kind === "text") return { text: part.text };
  if (part.kind === "image" && part.detail !== null && part.detail !== "auto") dropped.push("image.detail");
  if (part.kind === "document" && part.name !== null) dropped.push("document.name");
  return sourcePart(part.source);
}

/** What a result holds beside text follows it as the user's. */
function resultParts({ callId, parts, isError }: ToolResultPart, writing: Writing): object[] {
  const text = parts.flatMap((part) => (part.kind === "text" ? [part.text] : [])).join("\n");
  const name = writing.functionNames.get(callId) ?? callId;
  const response = isError ? { error: text } : { output: text };
  const media = parts.filter((part) => part.kind !== "text").map((part) => mediaPart(part, writing));
  return [{ functionResponse: { id: callId, name, response } }, ...media];
}

const userParts = (parts: readonly UserPart[], writing: Writing): object[] =>
  parts.flatMap((part) => (part.kind === "tool_result" ? resultParts(part, writing) : [mediaPart(part, writing)]));

const callPart = ({ id, name, arguments: args }: ToolCallPart, signature: string | null): object => ({
  functionCall: { id, name, args: parseObject(Buffer.from(args)) ?? {} },
  ...(signature === null ? {} : { thoughtSignature: signature }),
});

/** A signature belongs to the call that follows it. Only the first of several calls has one. */
function modelParts(parts: readonly AssistantPart[], { dropped, wantsSignatures }: Writing): object[] {
  let waiting: string | null = null;
  let calls = 0;
  const written: object[] = [];
  for (const part of parts) {
    if (part.kind === "reasoning") {
      const signature = ownSignature(part.signature);
      if (signature === null) dropped.push("turns.reasoning");
      waiting = signature ?? waiting;
    } else if (part.kind === "tool_call") {
      const missing = wantsSignatures && calls === 0 ? foreignSignature : null;
      written.push(callPart(part, waiting ?? missing));
      waiting = null;
      calls += 1;
    } else if (part.text !== "") written.push({ text: part.text });
  }
  return written;
}

export function contentsOf({ model, turns }: Conversation, dropped: string[]): object[] {
  const calls = turns.flatMap(({ parts }) => (parts as readonly (UserPart | AssistantPart)[]).filter(isCall));
  const functionNames = new Map(calls.map(({ id, name }) => [id, name]));
  const writing: Writing = { functionNames, dropped, wantsSignatures: /^gemini-[3-9]/.test(model) };
  return turns.flatMap((turn) => {
    const parts = turn.role === "user" ? userParts(turn.parts, writing) : modelParts(turn.parts, writing);
    return parts.length === 0 ? [] : [{ role: turn.role === "user" ? "user" : "model", parts }];
  });
}

const isCall = (part: UserPart | AssistantPart): part is ToolCallPart => part.kind === "tool_call";
