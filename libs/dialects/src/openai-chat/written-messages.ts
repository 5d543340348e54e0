import type {
  AssistantPart,
  Conversation,
  DocumentPart,
  ImagePart,
  TextPart,
  ToolResultPart,
  UserPart,
} from "../conversation.ts";
import type { OutgoingConversation } from "../conversation-forms.ts";
import { urlOfSource } from "../turns.ts";

type Impossible = Extract<OutgoingConversation, { kind: "impossible" }>;

const impossible = (what: string, detail: string): Impossible => ({ kind: "impossible", what, detail });

function documentMember({ source, name }: DocumentPart): object | Impossible {
  if (source.kind === "text") return { type: "text", text: source.text };
  if (source.kind === "url") return impossible("document.url", "This provider takes documents only as data.");
  return { type: "file", file: { filename: name ?? "document", file_data: urlOfSource(source) } };
}

const imageMember = ({ source, detail }: ImagePart): object => ({
  type: "image_url",
  image_url: { url: urlOfSource(source), ...(detail === null ? {} : { detail }) },
});

const mediaMember = (part: TextPart | ImagePart | DocumentPart): object | Impossible => {
  if (part.kind === "text") return { type: "text", text: part.text };
  return part.kind === "image" ? imageMember(part) : documentMember(part);
};

const isImpossible = (member: object | Impossible): member is Impossible => "kind" in member;

/** A plain string where the text is all: some providers take nothing else. */
const contentOf = (members: readonly object[], parts: readonly { readonly kind: string }[]): unknown =>
  parts.length === 1 && parts[0]?.kind === "text" ? (members[0] as { text: string }).text : members;

function assistantMessage(parts: readonly AssistantPart[], dropped: string[]): object | null {
  const texts = parts.flatMap((part) => (part.kind === "text" ? [part.text] : []));
  const refusals = parts.flatMap((part) => (part.kind === "refusal" ? [part.text] : []));
  const calls = parts.filter((part) => part.kind === "tool_call");
  if (parts.some(({ kind }) => kind === "reasoning")) dropped.push("turns.reasoning");
  if (texts.length + refusals.length + calls.length === 0) return null;
  return {
    role: "assistant",
    content: texts.length === 0 ? null : texts.join(""),
    ...(refusals.length === 0 ? {} : { refusal: refusals.join("") }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ id, name, arguments: args }) => ({
            id,
            type: "function",
            function: { name, arguments: args },
          })),
        }),
  };
}

/** Results first, as the API wants them; what a result holds beside text follows as the user's. */
function userMessages(parts: readonly UserPart[], dropped: string[]): object[] | Impossible {
  const results = parts.filter((part) => part.kind === "tool_result");
  const media = [...results.flatMap(mediaOfResult), ...parts.filter((part) => part.kind !== "tool_result")];
  if (results.some(({ isError }) => isError)) dropped.push("toolResult.isError");
  const members = media.map(mediaMember);
  const failed = members.find(isImpossible);
  if (failed !== undefined) return failed;
  const messages: object[] = results.map(({ callId, parts: inside }) => ({
    role: "tool",
    tool_call_id: callId,
    content: inside.flatMap((part) => (part.kind === "text" ? [part.text] : [])).join("\n"),
  }));
  if (media.length > 0) messages.push({ role: "user", content: contentOf(members, media) });
  return messages;
}

const mediaOfResult = ({ parts }: ToolResultPart): (ImagePart | DocumentPart)[] =>
  parts.filter((part) => part.kind !== "text");

export function writeMessages(
  { system, turns }: Conversation,
  dropped: string[],
): { readonly list: readonly object[] } | Impossible {
  const list: object[] = system.length === 0 ? [] : [{ role: "system", content: system.join("\n\n") }];
  for (const turn of turns) {
    if (turn.role === "assistant") {
      const message = assistantMessage(turn.parts, dropped);
      if (message !== null) list.push(message);
      continue;
    }
    const messages = userMessages(turn.parts, dropped);
    if ("kind" in messages) return messages;
    list.push(...messages);
  }
  return { list };
}
