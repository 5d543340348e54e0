import type { Secret } from "@topdog/config/secret";
import { type Agent, Pool } from "undici";
import { type OpenCall, type Provider, type ProviderCall, uncarried } from "../providers/provider.ts";
import { Attempt } from "./attempt.ts";
import { checkKey } from "./check-key.ts";
import { guardedLookup } from "./guarded-lookup.ts";
import type { HttpApi } from "./http-api.ts";

export interface HttpOptions {
  /** With its path, as the SDKs take it: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  /** Of the addresses that the base URL's name resolves to. */
  readonly mayConnectTo: (address: string) => boolean;
  /** Connections that providers at several addresses share; absent: this one has its own, and closes them. */
  readonly agent?: Agent;
}

/** Shorter than any server's, so that a call is never written to a connection that is being closed. */
const idleConnectionMs = 4000;

/** Of connections to providers. */
export const connectionOptions = ({
  maxConnections,
  connectTimeoutMs,
  mayConnectTo,
}: Omit<HttpOptions, "baseUrl">) => ({
  connections: maxConnections,
  pipelining: 1,
  allowH2: false,
  connect: { timeout: connectTimeoutMs, lookup: guardedLookup(mayConnectTo) },
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
  const pool = options.agent ?? new Pool(origin, connectionOptions(options));

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
      const headers = headersFor(call, path, body, credential);
      pool.dispatch({ origin, path, method: "POST", headers, body }, attempt);
      return withDropped({ outcome: attempt.outcome, abort: () => attempt.abort("aborted") }, dropped);
    },
    check(credential, timeoutMs) {
      const path = `${basePath}/${api.checkPath}`;
      const headers = credential === null ? [] : api.authorize({ method: "GET", host, path, body: null }, credential);
      return checkKey(pool, { origin, path, headers, readRefusal: api.readRefusal, timeoutMs });
    },
    close: async () => {
      if (options.agent === undefined) await pool.destroy();
    },
  };
}
