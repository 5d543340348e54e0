import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { usageConsumed, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { signPrincipalHeader } from "@topdog/contracts/principal-header";
import type { Logger } from "@topdog/telemetry/logger";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import type { TestNats } from "@topdog/testing/nats";
import { startTestService } from "@topdog/testing/service";
import { llmRouter } from "../src/app.ts";
import { openDurableSpool } from "../src/store/spool/durable-spool.ts";

const secret = "rq8Zk1vN4xWc7TbY2mLd9sGh5pJf3eUa";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The `data:` payloads of a stream. */
  readonly events: string[];
  /** The connection ended before the answer did. */
  readonly cut: boolean;
}

export interface RouterRig {
  readonly url: string;
  readonly folder: string;
  /** Sends an admitted call; each one has a sequence number of its own. */
  call(body: object | string, options?: CallOptions): Promise<Answer & { seq: number }>;
  get(path: string): Promise<Answer & { seq: number }>;
  /** The usage of a call, once it is on the bus. */
  usage(seq: number): Promise<UsageConsumed>;
  /** All that the bus has stored since this rig began. */
  usages(): Promise<readonly UsageConsumed[]>;
  metric(series: string): Promise<number>;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly headers?: Record<string, string>;
  readonly deadlineInMs?: number;
  /** Destroy the connection after so many bytes of answer; 0: as soon as the request is sent. */
  readonly abortAfterBytes?: number;
  readonly signed?: boolean;
}

export const chatBody = (extra: object = {}): object => ({
  model: "sandbox-small",
  messages: [{ role: "user", content: "hello there" }],
  ...extra,
});

const usageStream = "TOPDOG_USAGE";
let lastSeq = 0;

function principalOf(seq: number, deadlineMs: number): string {
  const buckets = { personal: "user:usr_1", orgPool: null };
  const byok = { scope: "user", used: 0, capacity: 0 } as const;
  return signPrincipalHeader(
    {
      kind: "call",
      requestId: `req_${seq}`,
      deadlineMs,
      principal: { keyId: "key_1", userId: "usr_1", orgId: null, role: null, buckets, byok },
      source: "personal",
      day: "2026-11-22",
      charges: [
        { meter: "api_calls", leaseId: "1", seq },
        { meter: "llm_requests", leaseId: "2", seq },
      ],
    },
    secret,
  );
}

interface Sending extends CallOptions {
  readonly method: string;
  readonly body?: string;
}

export function send(url: string, { method, body, headers = {}, abortAfterBytes }: Sending): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, { method, headers, agent: false });
    let aborted = false;
    const finish = (answer: Omit<Answer, "events">): void => {
      const events = answer.text.split("\n\n").flatMap((event) => (event.startsWith("data: ") ? [event.slice(6)] : []));
      resolve({ ...answer, events });
    };
    req.on("error", (error) => (aborted ? finish({ status: 0, headers: {}, text: "", cut: true }) : reject(error)));
    req.on("response", (res) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      res.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (abortAfterBytes !== undefined && bytes >= abortAfterBytes) res.destroy();
      });
      res.on("error", () => undefined);
      res.on("close", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        finish({ status: res.statusCode ?? 0, headers: res.headers, text, cut: !res.complete });
      });
    });
    req.end(body, () => {
      if (abortAfterBytes !== 0) return;
      aborted = true;
      setTimeout(() => req.destroy(), 60);
    });
  });
}

export interface RouterAddress {
  readonly url: string;
  readonly opsUrl: string;
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
  PRINCIPAL_SECRET: secret,
  SPOOL_DIR: folder,
  SPOOL_SHIP_INTERVAL_MS: "5",
  SHUTDOWN_GRACE_MS: "5000",
});

interface RouterParts {
  readonly openSpool?: (typeof llmRouter)["deps"]["openSpool"];
  readonly logger?: Logger;
}

export const spoolFolder = (): string => mkdtempSync(join(tmpdir(), "topdog-router-"));

/** A router in this process, on real HTTP and a real bus. `env` is its environment beside what every test needs. */
export async function startRouter(
  nats: TestNats,
  env: Record<string, string>,
  { openSpool = openDurableSpool, logger = silentLogger() }: RouterParts = {},
): Promise<RouterRig> {
  const folder = spoolFolder();
  const deps = { readSecret: () => null, openSpool };
  const service = await startTestService(llmRouter, { env: { ...routerEnv(nats, folder), ...env }, deps, logger });
  const stop = async (): Promise<void> => {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return rigFor(nats, { ...service, folder, stop });
}

/** Calls a router that runs somewhere, and reads what it has published. */
export async function rigFor(nats: TestNats, { url, opsUrl, folder, stop }: RouterAddress): Promise<RouterRig> {
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
      usages.push(usageConsumed.schema.parse(stored.json()));
      nextStored += 1;
    }
  };

  const signed = ({
    deadlineInMs = 20_000,
    signed = true,
  }: CallOptions): { seq: number; headers: Record<string, string> } => {
    lastSeq += 1;
    const header = principalOf(lastSeq, Date.now() + deadlineInMs);
    return { seq: lastSeq, headers: signed ? { "x-topdog-principal": header } : {} };
  };
  return {
    url,
    folder,
    async call(body, callOptions = {}) {
      const { seq, headers } = signed(callOptions);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const all = { "content-type": "application/json", ...headers, ...callOptions.headers };
      const answer = await send(`${url}/v1/chat/completions`, {
        ...callOptions,
        method: "POST",
        body: text,
        headers: all,
      });
      return { ...answer, seq };
    },
    async get(path) {
      const { seq, headers } = signed({});
      return { ...(await send(`${url}${path}`, { method: "GET", headers })), seq };
    },
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
    stop,
  };
}

/** UPSTREAMS for scripted upstreams that serve sandbox-small at its usual price. */
export const upstreams = (...urls: string[]): string =>
  JSON.stringify(urls.map((baseUrl, i) => ({ id: `up-${i}`, baseUrl: `${baseUrl}/v1`, models: ["sandbox-small"] })));
