import type { Secret } from "@topdog/config/secret";
import { Pool } from "undici";
import { type OpenCall, type Provider, type ProviderCall, uncarried } from "../providers/provider.ts";
import { Attempt } from "./attempt.ts";
import { checkKey } from "./check-key.ts";
import type { HttpApi } from "./http-api.ts";

export interface HttpOptions {
  /** With its path, as the SDKs take it: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
}

/** Shorter than any server's, so that a call is never written to a connection that is being closed. */
const idleConnectionMs = 4000;

const poolOf = (origin: string, { maxConnections, connectTimeoutMs }: HttpOptions): Pool =>
  new Pool(origin, {
    connections: maxConnections,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: idleConnectionMs,
    // The attempt has its own timers: undici's body timeout would end a stream that is merely slow.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

const withDropped = (call: OpenCall, dropped: readonly string[]): OpenCall =>
  dropped.length === 0
    ? call
    : {
        abort: () => call.abort(),
        outcome: call.outcome.then((outcome) =>
          outcome.kind === "stream" || outcome.kind === "answer" ? { ...outcome, dropped } : outcome,
        ),
      };

/** A provider that is called over HTTP. Follows no redirect and forwards no header but those that the call names. */
export function createHttpProvider(options: HttpOptions, api: HttpApi): Provider {
  const { origin, host, pathname } = new URL(options.baseUrl);
  const basePath = pathname.replace(/\/+$/, "");
  const pool = poolOf(origin, options);

  function headersFor(call: ProviderCall, path: string, body: Buffer, credential: Secret | null): string[] {
    const accept = call.request.streamed ? (api.streamType ?? "text/event-stream") : "application/json";
    const headers = ["content-type", "application/json", "accept", accept, "x-request-id", call.requestId];
    headers.push(...call.headers, ...(api.headersOf?.(call) ?? []));
    if (credential !== null) headers.push(...api.authorize({ method: "POST", host, path, body }, credential));
    return headers;
  }

  return {
    dialects: api.native,
    native: api.native,
    ownFormat: api.ownFormat ?? null,
    open(call, credential) {
      const adapted = api.adapt?.(call) ?? { body: call.request.body, dropped: [] };
      if ("refusal" in adapted) return uncarried(adapted.refusal);
      const { body, dropped } = adapted;
      const attempt = new Attempt(call, api);
      const path = `${basePath}/${api.pathOf(call)}`;
      pool.dispatch({ path, method: "POST", headers: headersFor(call, path, body, credential), body }, attempt);
      return withDropped({ outcome: attempt.outcome, abort: () => attempt.abort("aborted") }, dropped);
    },
    check(credential, timeoutMs) {
      const path = `${basePath}/${api.checkPath}`;
      const headers = api.authorize({ method: "GET", host, path, body: null }, credential);
      return checkKey(pool, { path, headers, readRefusal: api.readRefusal, timeoutMs });
    },
    close: () => pool.destroy(),
  };
}
