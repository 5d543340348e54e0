import { Pool } from "undici";
import type { OpenCall, Provider, ProviderRequest } from "../provider.ts";
import { Attempt } from "./attempt.ts";
import { createPlainReader } from "./plain-reader.ts";
import { createStreamReader } from "./stream-reader.ts";

export interface OpenAiProviderOptions {
  /** With its path, as the SDKs take it: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Null for an upstream that wants none. */
  readonly apiKey: string | null;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
}

/** Shorter than any server's, so that a call is never written to a connection that is being closed. */
const idleConnectionMs = 4000;

/** Any upstream that speaks OpenAI's chat completions. Follows no redirect and forwards no header of the caller's. */
export function createOpenAiProvider(options: OpenAiProviderOptions): Provider {
  const { origin, pathname } = new URL(options.baseUrl);
  const path = `${pathname.replace(/\/+$/, "")}/chat/completions`;
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
  const authorization = options.apiKey === null ? [] : ["authorization", `Bearer ${options.apiKey}`];
  const headersFor = ({ streamed, requestId }: ProviderRequest): string[] => [
    "content-type",
    "application/json",
    "accept",
    streamed ? "text/event-stream" : "application/json",
    "x-request-id",
    requestId,
    ...authorization,
  ];

  return {
    open(request): OpenCall {
      const { wantsUsage, interChunkTimeoutMs } = request;
      const attempt = new Attempt(request, (control) =>
        request.streamed
          ? createStreamReader(control, { passUsage: wantsUsage, interChunkTimeoutMs })
          : createPlainReader(control),
      );
      pool.dispatch({ path, method: "POST", headers: headersFor(request), body: request.body }, attempt);
      return { outcome: attempt.outcome, abort: () => attempt.abort("aborted") };
    },
    close: () => pool.destroy(),
  };
}
