import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OpenedCall } from "@topdog/call-link/call";
import { createRouterLinks, type RouterLinks } from "@topdog/call-link/gateway/router-links";
import { createKeyPair, publicKeysField, signingKeyField } from "@topdog/caller-token/keys";
import { natsServerUsers } from "@topdog/contracts/nats-authorization";
import { busPublicKeys, keptBusSeeds } from "@topdog/local-stack/bus-keys";
import { freePort } from "@topdog/local-stack/free-port";
import { resolveNatsServer } from "@topdog/local-stack/nats-binary";
import { startNats } from "@topdog/local-stack/nats-server";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { startService } from "@topdog/local-stack/service";
import { type Bus, connectBus } from "@topdog/messaging/connect";
import { applyTopology } from "@topdog/messaging/topology";
import { createVaultKeys } from "@topdog/vault/keyring";

const host = "127.0.0.1";
const logger = { ...console, fatal: console.error };

/** A router and its bus, and nothing else: this process is its gateway, and org-registry. */
export interface RouterAlone {
  readonly pid: number;
  readonly links: RouterLinks;
  /** As org-registry. */
  readonly registry: Bus;
  readonly vaultKeys: string;
  /** A gauge or a counter of the router, its series added up. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startRouterAlone(env: Readonly<Record<string, string>>): Promise<RouterAlone> {
  const dataDir = makeScratchFolder("bench-router-alone");
  const stops: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    const seeds = keptBusSeeds(join(dataDir, "seeds.json"));
    const access = natsServerUsers(busPublicKeys(seeds));
    const nats = await startNats({ binary: await resolveNatsServer({}), dataDir: join(dataDir, "nats"), access });
    stops.push(() => nats.stop());
    const busOf = (name: "operator" | "org-registry") => connectBus({ url: nats.url, seed: seeds[name], name, logger });
    const operator = await busOf("operator");
    stops.push(() => operator.close());
    await applyTopology(operator);
    const registry = await busOf("org-registry");
    stops.push(() => registry.close());
    const [gatewayKeys, routerKeys] = [createKeyPair("bench-gateway"), createKeyPair("bench-router")];
    const [port, opsPort, linkPort] = [await freePort(host), await freePort(host), await freePort(host)];
    const vaultKeys = createVaultKeys("bench");
    const router = startService(
      {
        name: "llm-router",
        folder: fileURLToPath(new URL("../../services/llm-router", import.meta.url)),
        entry: "dist/main.js",
        port,
        opsPort,
        watched: false,
        logFile: join(dataDir, "llm-router.log"),
        env: {
          HTTP_PORT: String(port),
          OPS_PORT: String(opsPort),
          LINK_PORT: String(linkPort),
          NATS_URL: nats.url,
          NATS_NKEY_SEED: seeds["llm-router"],
          ROUTER_SIGNING_KEY: routerKeys.signingKey,
          CALLER_PUBLIC_KEYS: gatewayKeys.publicKeys,
          VAULT_KEYS: vaultKeys,
          SPOOL_DIR: join(dataDir, "spool"),
          LOG_LEVEL: "warn",
          ...env,
        },
      },
      host,
      { restartsMax: 0, onUnexpectedExit: (name, _exit, tail) => console.error(`${name} ended\n${tail}`) },
    );
    stops.push(() => router.stop());
    await router.ready;
    const links = linksTo(linkPort, gatewayKeys.signingKey, routerKeys.publicKeys);
    stops.push(() => links.stop());
    return {
      pid: router.pid,
      links,
      registry,
      vaultKeys,
      metric: (name) => readMetric(`${router.opsUrl}/metrics`, name),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readMetric(url: string, name: string): Promise<number> {
  const text = await (await fetch(url)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

const linksTo = (port: number, signingKey: string, routers: string): RouterLinks =>
  createRouterLinks({
    groups: [{ host, port, isTls: false, weight: 1 }],
    key: signingKeyField.parse(signingKey),
    routers: publicKeysField.parse(routers),
    tls: {},
    connectTimeoutMs: 10_000,
    pingIntervalMs: 5000,
    ejectAfterMs: 30_000,
    loseAfterMs: 45_000,
    closeAfterMs: 60_000,
    resolveIntervalMs: 60_000,
    resolve: async (name) => [name],
    random: Math.random,
    onMoved: () => undefined,
    onDown: () => undefined,
    onEjected: () => undefined,
    onBug: (error) => {
      throw error;
    },
  });

let calls = 0;

/** A call of a user; `tenants`: whose credentials may serve it. */
export function benchCall(userId: string, body: Buffer, tenants: readonly string[] = []): OpenedCall {
  calls += 1;
  const byok = { scope: "user", used: tenants.length, capacity: 3 } as const;
  return {
    requestId: `req_${calls}`,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    endpoint: "chat.completions",
    path: "/v1/chat/completions",
    headers: [],
    timeoutMs: 600_000,
    source: "personal",
    day: new Date().toISOString().slice(0, 10),
    charges: [
      { meter: "api_calls", leaseId: "1", seq: calls },
      { meter: "llm_requests", leaseId: "2", seq: calls },
    ],
    principal: {
      keyId: `key_${userId}`,
      userId,
      orgId: null,
      role: null,
      scopes: ["llm"],
      restrictions: null,
      buckets: { personal: `user:${userId}`, org: null },
      byok: { ...byok, ...(tenants.length === 0 ? {} : { tenants: [...tenants] }) },
    },
    body,
  };
}
