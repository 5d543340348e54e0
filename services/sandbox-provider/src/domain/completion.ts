import { type ChatRequest, textOf } from "./chat-request.ts";

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface Completion {
  /** One entry is one token; for a tool call, the pieces of its arguments. */
  readonly tokens: readonly string[];
  readonly toolCall: ToolCall | null;
  readonly finishReason: "stop" | "length" | "tool_calls";
  readonly promptTokens: number;
  readonly completionTokens: number;
}

const words = (
  "the of and to in is that it was for on are as with his they at be this from have or by one had not but what all " +
  "were when we there can an your which their said if do will each about how up out them then she many some so these"
).split(" ");

const tokensPerMessage = 3;
const tokensToPrimeReply = 3;
const bytesPerToken = 4;
const shortestReplyTokens = 12;
const replySpreadTokens = 37;

/** FNV-1a, 32 bits. */
export function hashOf(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function countPromptTokens(request: ChatRequest): number {
  let tokens = tokensToPrimeReply;
  for (const message of request.messages) {
    tokens += tokensPerMessage + Math.ceil(Buffer.byteLength(textOf(message.content)) / bytesPerToken);
  }
  return tokens;
}

function lastUserText(request: ChatRequest): string {
  const message = request.messages.findLast((one) => one.role === "user");
  return message === undefined ? "" : textOf(message.content);
}

function replyTokens(seed: number, count: number): string[] {
  const tokens = ["Sandbox", " reply", ":"].slice(0, count);
  let state = seed;
  while (tokens.length < count) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    tokens.push(` ${words[(state >>> 8) % words.length]}`);
  }
  return tokens;
}

function chosenTool(request: ChatRequest, userText: string): string | null {
  const choice = request.tool_choice;
  const tools = request.tools ?? [];
  if (tools.length === 0 || choice === "none") return null;
  const named = (choice as { function?: { name?: unknown } } | null | undefined)?.function?.name;
  if (typeof named === "string") return named;
  const isWanted = choice === "required" || /weather/i.test(userText);
  const [first] = tools as { function?: { name?: unknown } }[];
  const name = first?.function?.name;
  return isWanted && typeof name === "string" ? name : null;
}

/** What the sandbox answers: a pure function of the request. */
export function completionFor(request: ChatRequest): Completion {
  const userText = lastUserText(request);
  const seed = hashOf(userText, hashOf(request.model));
  const promptTokens = countPromptTokens(request);
  const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? Number.MAX_SAFE_INTEGER;
  const tool = chosenTool(request, userText);
  if (tool !== null) {
    const pieces = ['{"location":', '"Paris"', "}"];
    const toolCall = { id: `call_sandbox_${seed.toString(16)}`, name: tool, arguments: pieces.join("") };
    return { tokens: pieces, toolCall, finishReason: "tool_calls", promptTokens, completionTokens: pieces.length };
  }
  const wanted = shortestReplyTokens + (seed % replySpreadTokens);
  const completionTokens = Math.min(wanted, maxTokens);
  const finishReason = completionTokens < wanted ? "length" : "stop";
  return { tokens: replyTokens(seed, completionTokens), toolCall: null, finishReason, promptTokens, completionTokens };
}
