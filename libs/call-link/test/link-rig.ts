import { generateKeyPairSync } from "node:crypto";
import {
  type AnswerHandler,
  type AnswerHead,
  type CallFailure,
  type CallReport,
  type IncomingCall,
  noBody,
  type OpenedCall,
  type PendingCall,
} from "../src/call.ts";
import { createRouterLinks, type RouterLinks, type RouterLinksOptions } from "../src/gateway/router-links.ts";
import type { SigningKey, TrustedKeys } from "../src/handshake.ts";
import { createLinkServer, type LinkServer, type LinkServerOptions } from "../src/router/link-server.ts";

export interface KeyRing {
  readonly key: SigningKey;
  readonly trusted: TrustedKeys;
}

export function keyRing(kid: string): KeyRing {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { key: { kid, key: privateKey }, trusted: new Map([[kid, publicKey]]) };
}

export const gatewayKeys = keyRing("gateway-1");
export const routerKeys = keyRing("router-1");

export const report = (over: Partial<CallReport> = {}): CallReport => ({
  recorded: true,
  outcome: "ok",
  provider: "sandbox-a",
  model: "sandbox-small",
  promptTokens: 3,
  completionTokens: 5,
  costNanoUsd: 70,
  attempts: 1,
  ...over,
});

let seqs = 0;
export function opened(body: Buffer | null, over: Partial<OpenedCall> = {}): OpenedCall {
  seqs += 1;
  return {
    requestId: `req_${seqs}`,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    endpoint: "chat.completions",
    path: "/v1/chat/completions",
    headers: [],
    timeoutMs: 60_000,
    source: "personal",
    day: "2026-11-22",
    charges: [{ meter: "api_calls", leaseId: "17", seq: seqs }],
    principal: principal("key_1"),
    body: body ?? noBody,
    ...over,
  };
}

export const principal = (keyId: string): OpenedCall["principal"] => ({
  keyId,
  userId: `usr_of_${keyId}`,
  orgId: null,
  role: null,
  scopes: ["llm"],
  restrictions: null,
  buckets: { personal: "user:usr_1", org: null },
  byok: { scope: "user", used: 0, capacity: 3 },
});

type Running = LinkServer & { readonly port: number; readonly faults: Error[] };

export async function startServer(
  onCall: (call: IncomingCall) => void,
  over: Partial<LinkServerOptions> = {},
): Promise<Running> {
  const faults: Error[] = [];
  const server = createLinkServer({
    host: "127.0.0.1",
    port: 0,
    tls: {},
    key: routerKeys.key,
    gateways: gatewayKeys.trusted,
    maxCalls: 1000,
    maxBodyBytes: 64 * 1024 * 1024,
    maxBodyBytesTotal: 256 * 1024 * 1024,
    handshakeTimeoutMs: 10_000,
    silenceTimeoutMs: 60_000,
    onCall,
    onBug: (error) => {
      throw error;
    },
    onFault: (cause) => faults.push(cause),
    ...over,
  });
  const { port } = await server.start();
  return Object.assign(server, { port, faults });
}

export const link = (port: number, weight = 1) => ({ host: "127.0.0.1", port, isTls: false, weight });

export function startLinks(ports: readonly number[], over: Partial<RouterLinksOptions> = {}): RouterLinks {
  return createRouterLinks({
    groups: ports.map((port) => link(port)),
    key: gatewayKeys.key,
    routers: routerKeys.trusted,
    tls: {},
    connectTimeoutMs: 10_000,
    pingIntervalMs: 1000,
    ejectAfterMs: 20_000,
    loseAfterMs: 30_000,
    closeAfterMs: 60_000,
    resolveIntervalMs: 60_000,
    resolve: async (host) => [host],
    random: Math.random,
    onMoved: () => undefined,
    onDown: () => undefined,
    onEjected: () => undefined,
    onBug: (error) => {
      throw error;
    },
    ...over,
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly report: CallReport | null;
  readonly failure: CallFailure | null;
}

export interface Asked {
  readonly pending: PendingCall;
  readonly answer: Promise<Answer>;
  received(): number;
}

/** Sends one call and gathers its answer; `onData` may hold back. */
export function ask(links: RouterLinks, call: OpenedCall, onData: (bytes: Buffer) => boolean = () => true): Asked {
  const chunks: Buffer[] = [];
  let status = 0;
  let headers: readonly string[] = [];
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const finish = (end: Pick<Answer, "report" | "failure">): void =>
    resolve({ status, headers, body: Buffer.concat(chunks), ...end });
  const handler: AnswerHandler = {
    onHead(head) {
      ({ status, headers } = head);
    },
    onData(bytes) {
      chunks.push(bytes);
      return onData(bytes);
    },
    onEnd: (end) => finish({ report: end, failure: null }),
    onFail: (failure) => finish({ report: null, failure }),
  };
  const pending = links.call(call, handler);
  return { pending, answer: promise, received: () => chunks.reduce((sum, { length }) => sum + length, 0) };
}

export const ok = (headers: readonly string[] = []): AnswerHead => ({ status: 200, headers, isAccountedFor: true });

/** Answers with the request's body. */
export function echo(call: IncomingCall): void {
  call.head(ok(["x-request-id", call.opened.requestId]));
  call.write(call.opened.body);
  call.end(report());
}
