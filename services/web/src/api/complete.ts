import { Problem, problemFrom } from "./problem.ts";
import { readServerEvents } from "./server-events.ts";

/** What the last event of a stream says. */
const endOfStream = "[DONE]";

export interface Completion {
  /** Which limit the call was charged to, as the answer's headers say. */
  readonly source: string | null;
  readonly remaining: string | null;
  readonly provider: string | null;
  readonly costUsd: string | null;
}

interface ChatChunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
  readonly error?: { readonly message: string };
}

interface LlmError {
  readonly error?: { readonly message: string; readonly code?: string | null };
}

/** Streams one completion with an API key, as a client of the LLM API; `onText` gets each piece as it comes. */
export async function streamCompletion(
  { key, model, prompt, signal }: { key: string; model: string; prompt: string; signal: AbortSignal },
  onText: (text: string) => void,
): Promise<Completion> {
  const answer = await fetch("/v1/chat/completions", {
    method: "POST",
    // The key alone says who calls: the session's cookie stays out of it.
    credentials: "omit",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: prompt }] }),
    signal,
  });
  if (!answer.ok) throw await problemOf(answer);
  for await (const event of readServerEvents(answer)) {
    if (event === null || event.data === endOfStream) continue;
    const chunk = JSON.parse(event.data) as ChatChunk;
    if (chunk.error !== undefined) throw new Problem({ code: "cut", title: chunk.error.message, status: 502 });
    onText(chunk.choices?.[0]?.delta?.content ?? "");
  }
  const header = (name: string): string | null => answer.headers.get(name);
  return {
    source: header("x-ratelimit-source"),
    remaining: header("x-ratelimit-remaining-requests"),
    provider: header("x-topdog-provider"),
    costUsd: header("x-topdog-cost-usd"),
  };
}

/** The ids of the models that a key may call. */
export async function listModels(key: string): Promise<string[]> {
  const answer = await fetch("/v1/models", { credentials: "omit", headers: { authorization: `Bearer ${key}` } });
  if (!answer.ok) throw await problemOf(answer);
  const { data } = (await answer.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const { error } = (await answer.json()) as LlmError;
    if (error !== undefined)
      return new Problem({ code: error.code ?? "refused", title: error.message, status: answer.status });
  } catch {
    // Not in the dialect of the LLM API: said as an answer that is none.
  }
  return problemFrom(null, answer.status);
}
