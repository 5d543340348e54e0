import type { AssistantPart, Conversation, UserPart } from "./conversation.ts";

const tokensPerTurn = 3;
const tokensToPrimeReply = 3;
const bytesPerToken = 4;
const tokensPerMedium = 85;

/** About as many as a model's own tokenizer makes of it. */
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

/** An estimate of a prompt's length without the model's tokenizer: four bytes a token. The sandbox counts by it too. */
export function countPromptTokens({ system, turns, tools }: Conversation): number {
  let tokens = tokensToPrimeReply;
  for (const text of system) tokens += tokensPerTurn + tokensOfText(text);
  for (const { parts } of turns) tokens += parts.reduce((sum, part) => sum + tokensOfPart(part), tokensPerTurn);
  for (const { name, description, parameters } of tools) {
    tokens += tokensOfText(name) + tokensOfText(description ?? "") + tokensOfText(JSON.stringify(parameters));
  }
  return tokens;
}
