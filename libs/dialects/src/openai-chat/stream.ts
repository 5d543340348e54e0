import type { EventMeaning, StreamReader } from "../dialect.ts";
import { openAiErrors } from "../openai-errors.ts";
import type { StreamFormat } from "../operation.ts";
import { eventData } from "../server-sent-events.ts";
import type { TokenUsage } from "../token-usage.ts";
import { readUsage } from "./answer.ts";
import { createContentTemplate } from "./content-template.ts";

export const stream: StreamFormat = {
  contentType: "text/event-stream; charset=utf-8",
  keepAlive: ": keep-alive\n\n",
  endEvent: "data: [DONE]\n\n",
  errorEvent: (error) => `data: ${JSON.stringify(openAiErrors.body(error, ""))}\n\n`,
};

interface Choice {
  readonly index?: number;
  readonly delta?: Record<string, unknown> | null;
  readonly finish_reason?: unknown;
}

interface Chunk {
  readonly choices?: readonly Choice[];
  readonly usage?: unknown;
  readonly error?: { readonly type?: unknown; readonly code?: unknown } | null;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

function hasOutput({ delta, finish_reason: finish }: Choice): boolean {
  if (!isEmpty(finish)) return true;
  if (delta === undefined || delta === null) return false;
  for (const name in delta) if (name !== "role" && !isEmpty(delta[name])) return true;
  return false;
}

/** The event only continues the text of one choice: no usage and no finish reason. */
function isTextAlone({ choices = [], usage }: Chunk): boolean {
  const [choice] = choices;
  const isOne = choice !== undefined && choices.length === 1 && isEmpty(usage) && isEmpty(choice.finish_reason);
  return isOne && typeof choice.delta?.["content"] === "string" && choice.delta["content"] !== "";
}

export function errorMeaning(error: NonNullable<Chunk["error"]>): "rate_limited" | "overloaded" | "error" {
  const text = `${String(error.type)} ${String(error.code)}`;
  if (/rate_limit|insufficient_quota|\b429\b/.test(text)) return "rate_limited";
  return /overloaded|\b(503|529)\b/.test(text) ? "overloaded" : "error";
}

function parseChunk(data: string): Chunk | null {
  try {
    const chunk: unknown = JSON.parse(data);
    return typeof chunk === "object" && chunk !== null ? chunk : null;
  } catch {
    return null;
  }
}

export interface StreamOptions {
  /** How many choices the caller asked for. */
  readonly choices: number;
  /** The caller asked for the usage chunk itself. */
  readonly wantsUsage: boolean;
}

export function newStreamReader({ choices, wantsUsage }: StreamOptions): StreamReader {
  const finished = new Set<number>();
  const template = createContentTemplate();
  let contentEvents = 0;
  let usage: TokenUsage | null = null;

  function meaningOf(chunk: Chunk): EventMeaning {
    if (!isEmpty(chunk.error)) return errorMeaning(chunk.error!);
    if (!Array.isArray(chunk.choices)) return "malformed";
    const statesUsage = !isEmpty(chunk.usage);
    if (statesUsage) usage = readUsage(chunk.usage) ?? usage;
    let output = false;
    for (const choice of chunk.choices as readonly Choice[]) {
      if (!isEmpty(choice.finish_reason)) finished.add(choice.index ?? 0);
      output ||= hasOutput(choice);
    }
    if (output) {
      contentEvents += 1;
      return "content";
    }
    return !statesUsage || wantsUsage ? "opening" : "withheld";
  }

  return {
    read(bytes, start, end) {
      if (template.matches(bytes, start, end)) {
        contentEvents += 1;
        return "content";
      }
      const data = eventData(bytes, start, end);
      if (data === null) return "comment";
      if (data === "[DONE]") return "end";
      const chunk = parseChunk(data);
      if (chunk === null) return "malformed";
      const meaning = meaningOf(chunk);
      if (meaning === "content" && isTextAlone(chunk)) template.learn(bytes, start, end);
      return meaning;
    },
    contentEvents: () => contentEvents,
    usage: () => usage,
    isFinished: () => finished.size >= choices,
  };
}
