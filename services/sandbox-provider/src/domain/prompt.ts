import type { Conversation, UserPart } from "@topdog/dialects/conversation";

/** FNV-1a, 32 bits. */
export function hashOf(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
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
