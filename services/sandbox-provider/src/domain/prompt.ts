import type { AssistantPart, Conversation, UserPart } from "@topdog/dialects/conversation";

const tokensPerTurn = 3;
const tokensToPrimeReply = 3;
const bytesPerToken = 4;
const tokensPerMedium = 85;

/** FNV-1a, 32 bits. */
export function hashOf(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

export const tokensOfText = (text: string): number => Math.ceil(Buffer.byteLength(text) / bytesPerToken);

function tokensOfPart(part: UserPart | AssistantPart): number {
  switch (part.kind) {
    case "text":
    case "refusal":
    case "reasoning":
      return tokensOfText(part.text);
    case "tool_call":
      return tokensOfText(part.name) + tokensOfText(part.arguments);
    case "tool_result":
      return part.parts.reduce((sum, inside) => sum + tokensOfPart(inside), 0);
    case "image":
    case "document":
      return tokensPerMedium;
  }
}

export function countPromptTokens({ system, turns, tools }: Conversation): number {
  let tokens = tokensToPrimeReply;
  for (const text of system) tokens += tokensPerTurn + tokensOfText(text);
  for (const { parts } of turns) tokens += parts.reduce((sum, part) => sum + tokensOfPart(part), tokensPerTurn);
  for (const { name, description, parameters } of tools) {
    tokens += tokensOfText(name) + tokensOfText(description ?? "") + tokensOfText(JSON.stringify(parameters));
  }
  return tokens;
}

const textsOf = (parts: readonly UserPart[]): string[] =>
  parts.flatMap((part) => (part.kind === "text" ? [part.text] : []));

/** What the user said last, and what of it the answer follows: agents put reminders of their own in front of it. */
export function lastRequest({ turns }: Conversation): {
  readonly all: string;
  readonly wish: string;
  readonly hasResult: boolean;
} {
  const last = turns.findLast((turn) => turn.role === "user");
  const texts = last === undefined ? [] : textsOf(last.parts);
  const hasResult = turns.at(-1)?.parts.some(({ kind }) => kind === "tool_result") ?? false;
  return { all: texts.join(" "), wish: texts.at(-1) ?? "", hasResult };
}
