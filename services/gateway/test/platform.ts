import { hash, randomBytes } from "node:crypto";
import type { SessionCaller } from "@topdog/contracts/account-call";
import { formatApiKey } from "@topdog/contracts/api-key";
import { keyScopes } from "@topdog/contracts/key-scopes";
import { resolvePrincipal, type Principal } from "@topdog/contracts/rpc/resolve-principal";
import { resolveSession } from "@topdog/contracts/rpc/resolve-session";
import { type KeyUse, noteKeyUses } from "@topdog/contracts/rpc/note-key-uses";
import { serveRpc } from "@topdog/messaging/rpc";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { busEnv, startTestService } from "@topdog/testing/service";
import { Pool, request, type Dispatcher } from "undici";
import { gateway } from "../src/app.ts";
import type { GatewayConfig } from "../src/config.ts";
import { type FakeRouter, routerKeys, startFakeRouter } from "./fake-router.ts";
import { type FakeSibling, startFakeSibling } from "./fake-sibling.ts";
import { callerOfSibling, gatewayKeys } from "./read-caller.ts";
import { type ScriptedQuota, startScriptedQuota } from "./scripted-quota.ts";

export interface TestKey {
  readonly key: string;
  readonly keyHash: string;
  readonly principal: PersonalPrincipal;
}

/** Of a key that has buckets of its own. */
export type PersonalPrincipal = Principal & { readonly buckets: { readonly personal: string } };

interface KeyOptions extends Partial<Pick<Principal, "scopes" | "restrictions" | "ceilings">> {
  readonly org?: string;
  readonly apiCalls?: number;
  readonly llmRequests?: number;
  readonly pool?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

export interface Gateway {
  readonly port: number;
  readonly url: string;
  readonly opsUrl: string;
  call(key: string | null, options?: Partial<Dispatcher.RequestOptions>): Promise<Answer>;
  metric(line: string): Promise<number>;
  stop(): Promise<void>;
}

export interface Platform {
  readonly nats: TestNats;
  readonly quota: ScriptedQuota;
  readonly router: FakeRouter;
  readonly siblings: FakeSibling;
  readonly keys: Map<string, Principal>;
  /** By the SHA-256 of their token. */
  readonly sessions: Map<string, SessionCaller>;
  /** What gateways told of the use of keys. */
  readonly keyUses: readonly KeyUse[];
  /** Runs before each resolve is answered. */
  onResolve: () => Promise<void>;
  resolves(): number;
  newKey(options?: KeyOptions): TestKey;
  startGateway(overrides?: Partial<Record<keyof GatewayConfig, string>>): Promise<Gateway>;
  stop(): Promise<void>;
}

export const chatBody = JSON.stringify({ model: "sandbox-small", messages: [{ role: "user", content: "hi" }] });

/** Everything that a gateway needs: a real bus, quota and org-registry answering on it, and real HTTP siblings. */
export async function startPlatform({ window = 32 } = {}): Promise<Platform> {
  const nats = await testNats();
  const quota = startScriptedQuota(await nats.busOf("quota"), window);
  const router = await startFakeRouter();
  const siblings = await startFakeSibling(callerOfSibling);
  const keys = new Map<string, Principal>();
  const sessions = new Map<string, SessionCaller>();
  const gateways: Gateway[] = [];
  const hooks = { onResolve: async (): Promise<void> => undefined };
  let resolves = 0;
  let users = 0;
  const registry = await nats.busOf("org-registry");
  const resolver = serveRpc(registry, resolvePrincipal, {
    maxInFlight: 512,
    logger: silentLogger(),
    handle: async ({ keyHash }) => {
      resolves += 1;
      const principal = keys.get(keyHash) ?? null;
      await hooks.onResolve();
      return { principal };
    },
  });

  const sessionResolver = serveRpc(registry, resolveSession, {
    maxInFlight: 512,
    logger: silentLogger(),
    handle: async ({ tokenHash }) => ({ session: sessions.get(tokenHash) ?? null }),
  });
  const keyUses: KeyUse[] = [];
  const noter = serveRpc(registry, noteKeyUses, {
    maxInFlight: 4,
    logger: silentLogger(),
    handle: async ({ uses }) => {
      keyUses.push(...uses);
      return {};
    },
  });
  // The server knows of all of these before a gateway asks.
  await Promise.all([registry.nc.flush(), (await nats.busOf("quota")).nc.flush()]);

  const platform: Omit<Platform, "onResolve"> = {
    nats,
    quota,
    router,
    siblings,
    keys,
    sessions,
    keyUses,
    resolves: () => resolves,
    newKey: ({
      org,
      apiCalls = 800,
      llmRequests = 300,
      pool = 0,
      scopes = keyScopes,
      restrictions = null,
      ceilings,
    } = {}) => {
      users += 1;
      const userId = `usr_${users}`;
      const key = formatApiKey(randomBytes(32));
      const keyHash = hash("sha256", key, "hex");
      const personal = org === undefined ? `user:${userId}` : `seat:${org}:${userId}`;
      const orgOwner = org === undefined ? null : `org:${org}`;
      const principal: PersonalPrincipal = {
        keyId: `key_${users}`,
        userId,
        orgId: org ?? null,
        role: org === undefined ? null : "member",
        scopes,
        restrictions,
        buckets: { personal, org: orgOwner },
        ...(ceilings === undefined ? {} : { ceilings }),
        byok: { scope: org === undefined ? "user" : "org", used: 1, capacity: 3 },
      };
      quota.grant(personal, "api_calls", apiCalls);
      quota.grant(personal, "llm_requests", llmRequests);
      if (orgOwner !== null) quota.grant(orgOwner, "api_calls", pool);
      keys.set(keyHash, principal);
      return { key, keyHash, principal };
    },
    startGateway: async (overrides = {}) => {
      const gateway = await startGateway(nats, router, siblings, overrides);
      gateways.push(gateway);
      return gateway;
    },
    stop: async () => {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await Promise.all([resolver.stop(), sessionResolver.stop(), noter.stop()]);
      await quota.stop();
      await Promise.all([router.stop(), siblings.stop()]);
      await nats.stop();
    },
  };
  return Object.assign(hooks, platform);
}

async function startGateway(
  nats: TestNats,
  router: FakeRouter,
  siblings: FakeSibling,
  overrides: Partial<Record<keyof GatewayConfig, string>>,
): Promise<Gateway> {
  const service = await startTestService(gateway, {
    env: {
      ...busEnv(nats, "gateway"),
      CALLER_SIGNING_KEY: gatewayKeys.signingKey,
      ROUTER_PUBLIC_KEYS: routerKeys.publicKeys,
      SHUTDOWN_GRACE_MS: "500",
      FREE_CALLS_PER_MINUTE: "100000",
      ROUTER_URL: router.url,
      QUOTA_URL: siblings.url,
      ORG_REGISTRY_URL: siblings.url,
      BILLING_URL: siblings.url,
      DOCS_DIR: new URL("docs", import.meta.url).pathname,
      ...overrides,
    },
  });
  const { url, opsUrl } = service;
  const pool = new Pool(url, { connections: 256 });
  let stopping: Promise<void> | undefined;
  return {
    port: Number(new URL(url).port),
    url,
    opsUrl,
    call: async (key, options = {}) => {
      const { statusCode, headers, body } = await pool.request({
        path: "/v1/chat/completions",
        method: "POST",
        body: options.method === "GET" ? null : chatBody,
        ...options,
        headers: {
          "content-type": "application/json",
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(options.headers as object),
        },
      });
      return { status: statusCode, headers: headers as Record<string, string>, text: await body.text() };
    },
    metric: async (line) => {
      const text = await (await request(`${opsUrl}/metrics`, { reset: true })).body.text();
      const found = text.split("\n").find((one) => one.startsWith(line));
      return Number(found?.split(" ").at(-1) ?? Number.NaN);
    },
    stop: () => (stopping ??= stopAll()),
  };
  async function stopAll(): Promise<void> {
    await service.stop();
    await pool.destroy();
  }
}

export const errorOf = (answer: Answer): { message: string; type: string; code: string; param: string | null } =>
  (JSON.parse(answer.text) as { error: { message: string; type: string; code: string; param: string | null } }).error;
