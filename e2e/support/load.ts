import { Agent, request } from "undici";
import type { Random } from "./random.ts";

/** What one client saw of one call. `complete`: a whole answer arrived; `contentEvents`: pieces of content it was given. */
export interface Observation {
  /** Index of the key that it was made with. */
  readonly caller: number;
  /** Unix milliseconds: when it was sent, and when the client had seen the last of it. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly requestId: string | null;
  readonly status: number | null;
  /** Why it was refused: the code of the answer, or of the connection's failure. */
  readonly code: string | null;
  readonly streamed: boolean;
  readonly contentEvents: number;
  readonly complete: boolean;
  readonly source: string | null;
}

export interface LoadOptions {
  readonly urls: readonly string[];
  readonly keys: readonly string[];
  readonly clients: number;
  readonly streamedShare: number;
  readonly random: Random;
  /** Asked before every call; the load ends when it says no. */
  readonly goOn: (observations: readonly Observation[]) => boolean;
  readonly prompt?: string;
  /** Of each answer; 24 unless stated. */
  readonly maxTokens?: number;
  readonly pauseAfterFailureMs?: number;
  readonly callTimeoutMs?: number;
  /** Each client rests this long between two calls: a steady load instead of as much as there can be. */
  readonly pauseMs?: number;
  /** A new connection for each call, so that a balancer of connections spreads the calls. */
  readonly freshConnections?: boolean;
}

/** Closed-loop clients that note what they saw: the history that is later held against the ledger. */
export async function runLoad(options: LoadOptions): Promise<Observation[]> {
  const agent = new Agent({
    connections: options.clients * 2,
    bodyTimeout: 0,
    headersTimeout: 0,
    ...(options.freshConnections === true ? { pipelining: 0 } : {}),
  });
  const observations: Observation[] = [];
  const client = async (index: number): Promise<void> => {
    for (let call = 0; options.goOn(observations); call++) {
      const url = options.urls[(index + call) % options.urls.length] ?? "";
      const caller = (index + call) % options.keys.length;
      const streamed = options.random() < options.streamedShare;
      let seen = await observeCall({ agent, url, caller, streamed, options });
      // As a client does that has fewer concurrent requests than it would like: it waits for its turn.
      while (seen === null && options.goOn(observations)) {
        await new Promise((resolve) => setTimeout(resolve, turnMs));
        seen = await observeCall({ agent, url, caller, streamed, options });
      }
      if (seen === null) return;
      observations.push(seen);
      const restMs = seen.complete ? (options.pauseMs ?? 0) : (options.pauseAfterFailureMs ?? 20);
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  };
  await Promise.all(Array.from({ length: options.clients }, (_, index) => client(index)));
  await agent.destroy();
  return observations;
}

const turnMs = 10;

interface Call {
  readonly agent: Agent;
  readonly url: string;
  readonly caller: number;
  readonly streamed: boolean;
  readonly options: LoadOptions;
}

/** Null when all concurrent requests of the plan were running. */
async function observeCall({ agent, url, caller, streamed, options }: Call): Promise<Observation | null> {
  const startedMs = Date.now();
  let requestId: string | null = null;
  let source: string | null = null;
  let status: number | null = null;
  let code: string | null = null;
  let text = "";
  try {
    const answer = await request(`${url}/v1/chat/completions`, {
      method: "POST",
      dispatcher: agent,
      signal: AbortSignal.timeout(options.callTimeoutMs ?? 20_000),
      headers: { authorization: `Bearer ${options.keys[caller]}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "sandbox-small",
        messages: [{ role: "user", content: options.prompt ?? "Name three rivers" }],
        stream: streamed,
        max_tokens: options.maxTokens ?? 24,
      }),
    });
    status = answer.statusCode;
    requestId = String(answer.headers["x-request-id"] ?? "") || null;
    source = String(answer.headers["x-ratelimit-source"] ?? "") || null;
    for await (const chunk of answer.body) text += String(chunk);
    if (status !== 200) code = /"code":\s*"(\w+)"/.exec(text)?.[1] ?? null;
  } catch (error) {
    // Processes are killed on purpose: what the client saw until then is kept.
    code = (error as NodeJS.ErrnoException).code ?? (error as Error).name;
  }
  if (status === 429 && text.includes("concurrent_requests_exceeded")) return null;
  const ok = status === 200;
  const contentEvents = ok ? (streamed ? text.split('"content":"').length - 1 : Number(isWholeJson(text))) : 0;
  const complete = ok && (streamed ? text.includes("data: [DONE]") : isWholeJson(text));
  return { caller, startedMs, endedMs: Date.now(), requestId, status, code, streamed, contentEvents, complete, source };
}

function isWholeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
