import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

const requestTimeoutMs = 60_000;
const ledgerTimeoutMs = 30_000;
const pollMs = 500;

export interface BilledCall {
  readonly baseUrl: string;
  /** With the scopes `llm` and `usage:read`; nobody else may use it meanwhile. */
  readonly apiKey: string;
  readonly model: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

async function ask({ baseUrl, apiKey }: BilledCall, path: string, body?: object): Promise<Answer> {
  const url = new URL(path, baseUrl);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const signal = AbortSignal.timeout(requestTimeoutMs);
    send(url, { method: body === undefined ? "GET" : "POST", headers, signal, agent: false }, resolve)
      .on("error", reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
  return { status: response.statusCode ?? 0, headers: response.headers, body: await json(response) };
}

interface Usage {
  readonly total: { readonly calls: number; readonly llmRequests: number };
}

async function readUsage(call: BilledCall): Promise<Usage["total"]> {
  const { status, body } = await ask(call, "/api/usage");
  if (status !== 200) throw new Error(`GET /api/usage answered ${status}: the key needs the scope usage:read`);
  return (body as Usage).total;
}

/** One call, answered, charged, and in the ledger once. Throws with the step that failed. */
export async function makeBilledCall(call: BilledCall): Promise<string> {
  const before = await readUsage(call);
  const prompt = { model: call.model, max_tokens: 8, messages: [{ role: "user", content: "Say hello" }] };
  const { status, headers } = await ask(call, "/v1/chat/completions", prompt);
  if (status !== 200) throw new Error(`POST /v1/chat/completions answered ${status}`);
  const source = headers["x-ratelimit-source"];
  if (source === undefined) throw new Error("the answer does not say where it was charged");
  const deadlineMs = Date.now() + ledgerTimeoutMs;
  for (;;) {
    const { calls, llmRequests } = await readUsage(call);
    const charged = llmRequests - before.llmRequests;
    if (charged === 1) return `charged to ${String(source)}, in the ledger (${calls} calls today)`;
    if (charged > 1) throw new Error(`the call was charged ${charged} times`);
    if (Date.now() > deadlineMs) throw new Error(`the call is not in the ledger after ${ledgerTimeoutMs / 1000} s`);
    await sleep(pollMs);
  }
}
