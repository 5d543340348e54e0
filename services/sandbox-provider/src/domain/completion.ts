import type { AssistantPart, Conversation, Tool } from "@topdog/dialects/conversation";
import type { Answer, AnswerEvent, AnswerUsage, Finish } from "@topdog/dialects/conversation-answer";
import { countPromptTokens } from "@topdog/dialects/prompt-tokens";
import { hashOf, lastRequest } from "./prompt.ts";
import { instanceOf } from "./schema-instance.ts";

/** A part of an answer as it is produced: one entry of `tokens` at a time. */
export interface ProducedPart {
  readonly part: AssistantPart;
  readonly tokens: readonly string[];
}

export interface ProducedChoice {
  readonly parts: readonly ProducedPart[];
  readonly finish: Finish;
}

export interface Completion {
  readonly choices: readonly ProducedChoice[];
  readonly usage: AnswerUsage;
}

const words = (
  "the of and to in is that it was for on are as with his they at be this from have or by one had not but what all " +
  "were when we there can an your which their said if do will each about how up out them then she many some so these"
).split(" ");

const shortestReplyTokens = 12;
const replySpreadTokens = 37;
const jsonPieceLength = 6;
const thoughtTokens = { none: 0, minimal: 4, low: 8, medium: 16, high: 32, xhigh: 48, max: 64 } as const;

function wordTokens(opening: readonly string[], seed: number, count: number): string[] {
  const tokens = opening.slice(0, count);
  let state = seed;
  while (tokens.length < count) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    tokens.push(` ${words[(state >>> 8) % words.length]}`);
  }
  return tokens;
}

const piecesOf = (text: string): string[] => text.match(new RegExp(`[^]{1,${jsonPieceLength}}`, "gu")) ?? [];

/** Tools that must be called, or that the user's last text names; `weather` stands for the first. None once a result is there. */
function calledTools(conversation: Conversation): readonly Tool[] {
  const { tools, toolChoice, parallelToolCalls } = conversation;
  const { wish, hasResult } = lastRequest(conversation);
  const kind = toolChoice?.kind ?? "auto";
  if (tools.length === 0 || kind === "none" || hasResult) return [];
  if (toolChoice?.kind === "tool") return tools.filter(({ name }) => name === toolChoice.name);
  const named = tools.filter(({ name }) => new RegExp(`\\b${RegExp.escape(name)}\\b`, "i").test(wish));
  if (named.length > 0) return parallelToolCalls === false ? named.slice(0, 1) : named;
  return kind === "required" || /weather/i.test(wish) ? tools.slice(0, 1) : [];
}

function toolCall(tool: Tool, seed: number, index: number): ProducedPart {
  const args = JSON.stringify(instanceOf({ type: "object", ...tool.parameters }));
  const id = `call_sandbox_${seed.toString(16)}_${index}`;
  return { part: { kind: "tool_call", id, name: tool.name, arguments: args }, tokens: piecesOf(args) };
}

function textTokens({ format }: Conversation, seed: number): string[] {
  if (format.kind === "json_schema") return piecesOf(JSON.stringify(instanceOf(format.schema)));
  if (format.kind === "json") return piecesOf(JSON.stringify({ reply: "sandbox", number: seed % 100 }));
  return wordTokens(["Sandbox", " reply", ":"], seed, shortestReplyTokens + (seed % replySpreadTokens));
}

interface Cut {
  readonly tokens: readonly string[];
  readonly stopText: string | null;
}

/** Ends before the first of the texts that end it. */
function cutAtStop(tokens: readonly string[], stop: readonly string[]): Cut {
  const text = tokens.join("");
  const [first] = stop
    .map((stopText) => ({ stopText, at: text.indexOf(stopText) }))
    .filter(({ stopText, at }) => at >= 0 && stopText !== "")
    .toSorted((one, other) => one.at - other.at);
  if (first === undefined) return { tokens, stopText: null };
  const kept: string[] = [];
  let left = first.at;
  for (const token of tokens) {
    if (left <= 0) break;
    kept.push(token.slice(0, left));
    left -= token.length;
  }
  return { tokens: kept, stopText: first.stopText };
}

const textPart = (tokens: readonly string[]): ProducedPart => ({
  part: { kind: "text", text: tokens.join("") },
  tokens,
});

function thoughts({ reasoning }: Conversation, seed: number, most: number): ProducedPart | null {
  if (reasoning === null || reasoning.effort === "none") return null;
  const wanted = thoughtTokens[reasoning.effort ?? "medium"];
  const tokens = wordTokens(["Thinking", ":"], seed, Math.min(wanted, reasoning.budgetTokens ?? wanted, most));
  const text = reasoning.shown ? tokens.join("") : "";
  return {
    part: { kind: "reasoning", text, signature: `sandbox:${hashOf(text).toString(16)}`, encrypted: null },
    tokens,
  };
}

function produceChoice(conversation: Conversation, seed: number): ProducedChoice {
  const most = conversation.maxOutputTokens ?? Number.MAX_SAFE_INTEGER;
  const thought = thoughts(conversation, seed, most);
  const parts = thought === null ? [] : [thought];
  const left = most - (thought?.tokens.length ?? 0);
  const called = calledTools(conversation).map((tool, index) => toolCall(tool, seed, index));
  if (called.length > 0) return { parts: [...parts, ...called], finish: { reason: "tool_calls", stopText: null } };
  const { tokens, stopText } = cutAtStop(textTokens(conversation, seed), conversation.stop);
  if (tokens.length <= left) return { parts: [...parts, textPart(tokens)], finish: { reason: "stop", stopText } };
  return { parts: [...parts, textPart(tokens.slice(0, left))], finish: { reason: "length", stopText: null } };
}

const tokenCount = (choices: readonly ProducedChoice[], only?: AssistantPart["kind"]): number =>
  choices
    .flatMap(({ parts }) => parts)
    .filter(({ part }) => only === undefined || part.kind === only)
    .reduce((sum, { tokens }) => sum + tokens.length, 0);

/** What the sandbox answers: a pure function of the conversation. Throws UnsupportedSchema. */
export function completionFor(conversation: Conversation): Completion {
  const { all } = lastRequest(conversation);
  const seed = hashOf(all, hashOf(conversation.model));
  const choices = Array.from({ length: conversation.choices }, (_, index) => produceChoice(conversation, seed + index));
  const usage = {
    inputTokens: countPromptTokens(conversation),
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: tokenCount(choices),
    reasoningTokens: tokenCount(choices, "reasoning"),
  };
  return { choices, usage };
}

export const answerOf = (model: string, id: string, { choices, usage }: Completion): Answer => ({
  id,
  model,
  choices: choices.map(({ parts, finish }) => ({ parts: parts.map(({ part }) => part), finish, logprobs: null })),
  usage,
});

function partSteps({ part, tokens }: ProducedPart, choice: number, call: number): AnswerEvent[] {
  switch (part.kind) {
    case "text":
      return tokens.map((text) => ({ kind: "text", choice, text }));
    case "tool_call": {
      const begun: AnswerEvent = { kind: "tool_call", choice, call, id: part.id, name: part.name };
      return [begun, ...tokens.map((text) => ({ kind: "tool_arguments", choice, call, text }) as const)];
    }
    case "reasoning": {
      const { signature, encrypted } = part;
      const shown: AnswerEvent[] = part.text === "" ? [] : tokens.map((text) => ({ kind: "reasoning", choice, text }));
      return [...shown, { kind: "reasoning_seal", choice, signature, encrypted }];
    }
    case "refusal":
      return [{ kind: "refusal", choice, text: part.text }];
  }
}

/** The same answer as a stream: one token at a time. */
export function stepsOf(model: string, id: string, { choices, usage }: Completion): AnswerEvent[] {
  const steps: AnswerEvent[] = [{ kind: "start", id, model }];
  for (const [choice, { parts, finish }] of choices.entries()) {
    let calls = 0;
    for (const part of parts) {
      steps.push(...partSteps(part, choice, calls));
      if (part.part.kind === "tool_call") calls += 1;
    }
    steps.push({ kind: "finish", choice, finish });
  }
  steps.push({ kind: "usage", usage });
  return steps;
}
