import type { Secret } from "@topdog/config/secret";
import type { DialectId } from "@topdog/dialects/dialect";
import { Pool } from "undici";
import { Attempt } from "../../provider-http/attempt.ts";
import type { Provider, ProviderCall } from "../provider.ts";
import { checkKey } from "./check-key.ts";
import { readRefusal } from "./refusal.ts";

export interface OpenAiProviderOptions {
  /** With its path, as the SDKs take it: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly dialects: readonly DialectId[];
}

/** Shorter than any server's, so that a call is never written to a connection that is being closed. */
const idleConnectionMs = 4000;

/** Under the base URL. */
const paths: Readonly<Record<DialectId, string>> = {
  "openai-chat": "chat/completions",
  "anthropic-messages": "messages",
  "openai-responses": "responses",
};

function headersOf({ request, requestId, headers: passed }: ProviderCall, credential: Secret | null): string[] {
  const accept = request.streamed ? "text/event-stream" : "application/json";
  const headers = ["content-type", "application/json", "accept", accept, "x-request-id", requestId, ...passed];
  if (credential !== null) headers.push("authorization", `Bearer ${credential.reveal()}`);
  return headers;
}

/** OpenAI, and any upstream that speaks its APIs. Follows no redirect and forwards no header of the caller's. */
export function createOpenAiProvider(options: OpenAiProviderOptions): Provider {
  const { origin, pathname } = new URL(options.baseUrl);
  const basePath = pathname.replace(/\/+$/, "");
  const pool = new Pool(origin, {
    connections: options.maxConnections,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: options.connectTimeoutMs },
    keepAliveTimeout: idleConnectionMs,
    // The attempt has its own timers: undici's body timeout would end a stream that is merely slow.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    dialects: options.dialects,
    open(call, credential) {
      const attempt = new Attempt(call, readRefusal);
      const path = `${basePath}/${paths[call.dialect.id]}`;
      pool.dispatch({ path, method: "POST", headers: headersOf(call, credential), body: call.request.body }, attempt);
      return { outcome: attempt.outcome, abort: () => attempt.abort("aborted") };
    },
    check: (credential, timeoutMs) => checkKey(pool, `${basePath}/models`, credential, timeoutMs),
    close: () => pool.destroy(),
  };
}
