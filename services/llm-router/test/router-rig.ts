import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noBody, type AnswerHandler, type CallFailure, type CallReport, type OpenedCall } from "@topdog/call-link/call";
import { createRouterLinks, type RouterLinks } from "@topdog/call-link/gateway/router-links";
import { createKeyPair, publicKeysField, signingKeyField } from "@topdog/caller-token/keys";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { Logger } from "@topdog/telemetry/logger";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import type { TestNats } from "@topdog/testing/nats";
import { startTestService } from "@topdog/testing/service";
import { vaultEnv } from "@topdog/testing/vault-env";
import { usagesIn } from "@topdog/testing/usage-messages";
import { llmRouter } from "../src/app.ts";
import { openDurableSpool } from "../src/store/spool/durable-spool.ts";
import { freePort } from "@topdog/local-stack/free-port";

const gatewayKeys = createKeyPair("gateway-test");
const routerKeys = createKeyPair("router-test");

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The `data:` payloads of a stream. */
  readonly events: string[];
  /** The answer ended before it was whole. */
  readonly cut: boolean;
  readonly report: CallReport | null;
}

export interface RouterRig {
  readonly url: string;
  readonly opsUrl: string;
  readonly folder: string;
  /** Sends an admitted call; each one has a sequence number of its own. */
  call(body: object | string, options?: CallOptions): Promise<Answer & { seq: number }>;
  get(path: string, options?: CallOptions): Promise<Answer & { seq: number }>;
  /** An operation of another name. */
  callOperation(endpoint: string): Promise<Answer>;
  /** The usage of a call, once it is on the bus. */
  usage(seq: number): Promise<UsageConsumed>;
  /** All that the bus has stored since this rig began. */
  usages(): Promise<readonly UsageConsumed[]>;
  /** The connection of all its calls ends, as with a gateway that dies. */
  loseGateway(): void;
  metric(series: string): Promise<number>;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly deadlineInMs?: number;
  /** The only models that the caller's key may call. */
  readonly models?: string[];
  /** Of the request, as the gateway passes them on; names and values alternate. */
  readonly headers?: readonly string[];
  /** Give the call up after so many bytes of answer; 0: soon after it is sent. */
  readonly abortAfterBytes?: number;
  /** Give it up when this resolves. */
  readonly leaveAfter?: Promise<unknown>;
  /** Another than chat completions. */
  readonly operation?: { readonly endpoint: string; readonly path: string };
  /** No token was taken for it. */
  readonly isFree?: true;
  /** Whose call it is; a user without credentials by default. */
  readonly principal?: Principal;
}

export const chatBody = (extra: object = {}): object => ({
  model: "sandbox-small",
  messages: [{ role: "user", content: "hello there" }],
  ...extra,
});

const chat = { endpoint: "chat.completions", path: "/v1/chat/completions" };
const usageStream = "TOPDOG_USAGE";
let lastSeq = 0;

function openedCall(
  endpoint: string,
  path: string,
  body: Buffer,
  { deadlineInMs = 20_000, models, headers = [], isFree }: CallOptions = {},
): OpenedCall & { seq: number } {
  lastSeq += 1;
  const buckets = { personal: "user:usr_1", org: null };
  const byok = { scope: "user", used: 0, capacity: 0 } as const;
  return {
    seq: lastSeq,
    requestId: `req_${lastSeq}`,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    endpoint,
    path,
    headers,
    timeoutMs: deadlineInMs,
    principal: {
      keyId: models === undefined ? "key_1" : `key_of_${lastSeq}`,
      userId: "usr_1",
      orgId: null,
      role: null,
      scopes: ["llm"],
      restrictions: models === undefined ? null : { expiresAtMs: null, models, addresses: null },
      buckets,
      byok,
    },
    source: "personal",
    day: "2026-11-22",
    charges:
      isFree === true
        ? []
        : [
            { meter: "api_calls", leaseId: "1", seq: lastSeq },
            { meter: "llm_requests", leaseId: "2", seq: lastSeq },
          ],
    body,
  };
}

/** A call that the router did not answer at all. */
export class Unanswered extends Error {
  readonly failure: CallFailure;

  constructor(failure: CallFailure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/** Sends a call over the link. Rejects with `Unanswered` when nothing of an answer came, unless we gave it up. */
function sendCall(
  links: RouterLinks,
  call: OpenedCall,
  { abortAfterBytes, leaveAfter }: Pick<CallOptions, "abortAfterBytes" | "leaveAfter"> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    const headers: Record<string, string> = {};
    const finish = (isWhole: boolean, report: CallReport | null): void => {
      const text = Buffer.concat(chunks).toString("utf8");
      const events = text.split("\n\n").flatMap((event) => (event.startsWith("data: ") ? [event.slice(6)] : []));
      resolve({ status, headers, text, events, cut: !isWhole, report });
    };
    let isGivenUp = false;
    const giveUp = (): void => {
      isGivenUp = true;
      pending.cancel();
    };
    const handler: AnswerHandler = {
      onHead(head) {
        status = head.status;
        for (let i = 0; i < head.headers.length; i += 2) headers[head.headers[i]!] = head.headers[i + 1]!;
      },
      onData(chunk) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (abortAfterBytes !== undefined && bytes >= abortAfterBytes) giveUp();
        return true;
      },
      onEnd: (report) => finish(!isGivenUp, report),
      onFail(failure) {
        if (status === 0 && !isGivenUp) reject(new Unanswered(failure));
        else finish(false, failure.reason === "cut" ? failure.report : null);
      },
    };
    const pending = links.call(call, handler);
    if (abortAfterBytes === 0) setTimeout(giveUp, 60);
    void leaveAfter?.then(giveUp, reject);
  });
}

/** A request to the router's probes and metrics, or to a sandbox. */
export function send(
  url: string,
  { method, body, headers = {} }: { readonly method: string; readonly body?: string; readonly headers?: object },
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, { method, headers: { ...headers }, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("end", () => resolve({ status: res.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }));
      res.on("error", reject);
    });
    req.on("error", reject);
    req.end(body);
  });
}

export interface RouterAddress {
  /** Of its probes and metrics. */
  readonly url: string;
  readonly opsUrl: string;
  readonly linkPort: number;
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/** What every router under test is configured with. */
export const routerEnv = (nats: TestNats, folder: string): Record<string, string> => ({
  HTTP_PORT: "0",
  OPS_PORT: "0",
  LOG_LEVEL: "silent",
  NATS_URL: nats.url,
  NATS_NKEY_SEED: nats.seedOf("llm-router"),
  ROUTER_SIGNING_KEY: routerKeys.signingKey,
  CALLER_PUBLIC_KEYS: gatewayKeys.publicKeys,
  ...vaultEnv,
  SPOOL_DIR: folder,
  SPOOL_SHIP_INTERVAL_MS: "5",
  SHUTDOWN_GRACE_MS: "5000",
});

export interface RouterParts {
  readonly openSpool?: (typeof llmRouter)["deps"]["openSpool"];
  readonly logger?: Logger;
}

export const spoolFolder = (): string => mkdtempSync(join(tmpdir(), "topdog-router-"));

/** A router in this process, on a real link and a real bus. `env` is its environment beside what every test needs. */
export async function startRouter(
  nats: TestNats,
  env: Record<string, string>,
  { openSpool = openDurableSpool, logger = silentLogger() }: RouterParts = {},
): Promise<RouterRig> {
  const folder = spoolFolder();
  const deps = { readSecret: () => null, openSpool };
  const linkPort = await freePort("127.0.0.1");
  const ports = { LINK_PORT: String(linkPort) };
  const all = { ...routerEnv(nats, folder), ...ports, ...env };
  const service = await startTestService(llmRouter, { env: all, deps, logger });
  const stop = async (): Promise<void> => {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return rigFor(nats, { ...service, linkPort, folder, stop });
}

/** Calls a router that runs somewhere, and reads what it has published. */
export async function rigFor(
  nats: TestNats,
  { url, opsUrl, linkPort, folder, stop }: RouterAddress,
): Promise<RouterRig> {
  const usages: UsageConsumed[] = [];
  const { streams } = nats.bus.jsm;
  let nextStored = (await streams.info(usageStream)).state.last_seq + 1;
  const readUsages = async (): Promise<readonly UsageConsumed[]> => {
    for (;;) {
      const seq = nextStored;
      const stored = await streams.getMessage(usageStream, { seq });
      if (stored === null) return usages;
      // Several may wait for usage at once: what another has read meanwhile is not read again.
      if (seq !== nextStored) continue;
      usages.push(...usagesIn(stored.string()));
      nextStored += 1;
    }
  };

  const links = linksTo(linkPort);
  return {
    url,
    opsUrl,
    folder,
    async call(body, { principal, operation = chat, ...options } = {}) {
      const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
      const { endpoint, path } = operation;
      const opened = openedCall(endpoint, path, bytes, options);
      const call = { ...opened, principal: principal ?? opened.principal };
      return { ...(await sendCall(links, call, options)), seq: call.seq };
    },
    async get(path, { principal, ...options } = {}) {
      const opened = openedCall("models", path, noBody, options);
      const call = { ...opened, principal: principal ?? opened.principal };
      return { ...(await sendCall(links, call)), seq: call.seq };
    },
    callOperation: (endpoint) => sendCall(links, openedCall(endpoint, "/v1/x", noBody)),
    usage: (seq) =>
      eventually(async () => {
        const found = (await readUsages()).find(({ charges }) => charges[0]!.seq === seq);
        if (found === undefined) throw new Error(`no usage of call ${seq} is on the bus`);
        return found;
      }),
    usages: readUsages,
    async metric(series) {
      const { text } = await send(`${opsUrl}/metrics`, { method: "GET" });
      const line = text.split("\n").find((one) => one.startsWith(series));
      return Number(line?.split(" ").at(-1));
    },
    loseGateway: () => links.stop(),
    async stop() {
      await stop();
      links.stop();
    },
  };
}

const linksTo = (port: number): RouterLinks =>
  createRouterLinks({
    groups: [{ host: "127.0.0.1", port, isTls: false, weight: 1 }],
    key: signingKeyField.parse(gatewayKeys.signingKey),
    routers: publicKeysField.parse(routerKeys.publicKeys),
    tls: {},
    connectTimeoutMs: 10_000,
    pingIntervalMs: 5000,
    ejectAfterMs: 30_000,
    loseAfterMs: 40_000,
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
  });

/** UPSTREAMS for scripted upstreams that serve sandbox-small at its usual price. */
export const upstreams = (...urls: string[]): string =>
  JSON.stringify(urls.map((baseUrl, i) => ({ id: `up-${i}`, baseUrl: `${baseUrl}/v1`, models: ["sandbox-small"] })));
