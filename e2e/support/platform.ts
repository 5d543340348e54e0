import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { PlanId } from "@topdog/contracts/plans";
import { databaseOf, type ServiceName, serviceNames } from "@topdog/contracts/services";
import { runtimeEnvironment } from "@topdog/local-stack/child-environment";
import type { ProcessExit } from "@topdog/local-stack/process";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { freePort } from "@topdog/local-stack/free-port";
import { startStack, type Demo, type Stack } from "@topdog/local-stack/stack";
import { startTcpProxy, type TcpProxy } from "@topdog/testing/tcp-proxy";
import { request } from "undici";
import { until } from "./eventually.ts";

export const victims = ["gateway", "llm-router", "quota", "nats", "postgres"] as const;
/** What a test may kill. */
export type Victim = (typeof victims)[number];

export interface PlatformOptions {
  readonly gateways?: number;
  readonly routers?: number;
  /** Puts a proxy between the gateways and each router, by which their links can be cut. */
  readonly breakableLinks?: boolean;
  /** Sandbox providers without thinking time; a live stream still lasts some tens of milliseconds. */
  readonly fastProviders?: boolean;
  /** Environment by service name. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Environment of all five services. */
  readonly everyService?: Readonly<Record<string, string>>;
  /** Runs the router with a usage record that lives in memory only: to prove that the checks notice. */
  readonly withoutSpool?: boolean;
}

export interface Platform {
  readonly gatewayUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly demo: Demo;
  readonly logDir: string;
  /** With `breakableLinks`: to each router. */
  readonly links: readonly TcpProxy[];
  /** The quota service's database, as the superuser. */
  readonly quotaDatabaseUrl: string;
  serviceUrl(service: ServiceName): string;
  /** Of its operations port. */
  opsUrl(service: ServiceName): string;
  /** Where mails are kept that would be sent. */
  readonly mailDir: string;
  /** What operators show on public ports. */
  readonly operatorToken: string;
  /** A key that calls models and nothing else. */
  newKey(userId: string, orgId?: string): Promise<{ readonly id: string; readonly key: string }>;
  newUser(subscription: { plan: PlanId }): Promise<{ userId: string; userKey: string }>;
  newOrg(subscription: { plan: PlanId; seats: number }): Promise<{ orgId: string; ownerId: string; ownerKey: string }>;
  setPlan(owner: string, plan: PlanId, seats: number): Promise<void>;
  /** Replaces the fault of one sandbox provider; null ends it. */
  setFault(sandbox: number, fault: Readonly<Record<string, unknown>> | null): Promise<void>;
  /** SIGTERM, then the exit. */
  stopService(service: string): Promise<ProcessExit>;
  kill9(victim: Victim): Promise<void>;
  restart(victim: Victim): Promise<void>;
  /** Stops a process without ending it, until the returned function lets it go on. */
  pause(service: string): () => void;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const fast = { TTFT_MS: "15", TOKEN_INTERVAL_MS: "3" };

/** The whole platform on free ports with a data folder of its own, as `npm start` runs it. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const dataDir = makeScratchFolder("e2e");
  const env = Object.fromEntries(
    serviceNames.map((name) => [name, { ...options.everyService, ...options.settings?.[name] }]),
  );
  const routers = options.routers ?? 1;
  const linkPorts = await Promise.all(Array.from({ length: routers }, () => freePort("127.0.0.1")));
  const links = options.breakableLinks === true ? await Promise.all(linkPorts.map(startTcpProxy)) : [];
  const routerUrl = links.map(({ port }) => `link://127.0.0.1:${port}`).join(",");
  const gatewayEnv = { ...env["gateway"], ...(links.length === 0 ? {} : { ROUTER_URL: routerUrl }) };
  const stack = await startStack({
    dataDir,
    gateways: options.gateways ?? 1,
    routers,
    ports: Object.fromEntries(
      linkPorts.map((port, index) => [`llm-router${index === 0 ? "" : `-${index + 1}`}-link`, port]),
    ),
    logLevel: "info",
    env: { ...env, gateway: gatewayEnv, "sandbox-provider": options.fastProviders === true ? fast : {} },
    entries:
      options.withoutSpool === true
        ? { "llm-router": join(root, "services/llm-router/test/volatile-router-process.ts") }
        : {},
  });
  return describePlatform(stack, dataDir, links);
}

function describePlatform(stack: Stack, dataDir: string, links: readonly TcpProxy[]): Platform {
  const command = (service: "org-registry" | "billing", name: string, args: string[]): Promise<string> =>
    runCommand(service, name, args, {
      DATABASE_URL: stack.postgres.url(databaseOf(service), databaseOf(service)),
      AUDIT_KEYS: stack.auditKeys,
    });
  const create = async (what: string, ...args: string[]): Promise<{ id: string; key: string }> =>
    JSON.parse((await command("org-registry", `create-${what}`, args)).trim().split("\n").at(-1) ?? "") as {
      id: string;
      key: string;
    };
  const setPlan = async (owner: string, plan: PlanId, seats: number): Promise<void> => {
    await command("billing", "set-plan", ["--owner", owner, "--plan", plan, "--seats", String(seats)]);
  };
  let made = 0;
  const newUserId = async (): Promise<string> => (await create("user", "--email", `user-${++made}@example.test`)).id;
  const platform: Platform = {
    gatewayUrl: stack.urls.gateway[0] ?? "",
    gatewayUrls: stack.urls.gateway,
    demo: stack.demo,
    logDir: join(dataDir, "logs"),
    links,
    quotaDatabaseUrl: stack.postgres.url("quota"),
    opsUrl: (service) => serviceOf(stack, service).opsUrl,
    operatorToken: stack.operatorToken,
    mailDir: stack.mailDir,
    serviceUrl: (service) => (service === "gateway" ? (stack.urls.gateway[0] ?? "") : stack.urls[service]),
    setPlan,
    newUser: async ({ plan }) => {
      const userId = await newUserId();
      const { key } = await create("key", "--user", userId, ...everyScope);
      if (plan !== "free") await setPlan(`user:${userId}`, plan, 1);
      await limitIsKnown(platform, key, plan === "free");
      return { userId, userKey: key };
    },
    newKey: (userId, orgId) => create("key", "--user", userId, ...(orgId === undefined ? [] : ["--org", orgId])),
    newOrg: async ({ plan, seats }) => {
      const ownerId = await newUserId();
      const orgId = (await create("org", "--name", `Org ${made}`, "--owner", ownerId)).id;
      await setPlan(`org:${orgId}`, plan, seats);
      const { key } = await create("key", "--user", ownerId, "--org", orgId, ...everyScope);
      await limitIsKnown(platform, key, false);
      return { orgId, ownerId, ownerKey: key };
    },
    setFault: async (sandbox, fault) => {
      const url = `${stack.urls.sandboxes[sandbox]}/_faults`;
      const answer = await request(url, {
        method: fault === null ? "DELETE" : "PUT",
        ...(fault === null ? {} : { body: JSON.stringify(fault), headers: { "content-type": "application/json" } }),
      });
      if (answer.statusCode >= 300) throw new Error(`the sandbox refused the fault: ${await answer.body.text()}`);
      await answer.body.dump();
    },
    stopService: (service) => serviceOf(stack, service).stop("SIGTERM", 20_000),
    kill9: async (victim) => {
      if (victim === "nats") await stack.nats.kill9();
      else if (victim === "postgres") await stack.postgres.kill9();
      else await serviceOf(stack, victim).kill9();
    },
    restart: async (victim) => {
      if (victim === "nats") await stack.nats.restart();
      else if (victim === "postgres") await stack.postgres.restart();
      else await stack.restartService(victim);
    },
    pause: (service) => {
      const { pid } = serviceOf(stack, service);
      process.kill(pid, "SIGSTOP");
      return () => void process.kill(pid, "SIGCONT");
    },
    stop: async () => {
      await stack.stop();
      await Promise.all(links.map((link) => link.stop()));
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return platform;
}

/** Tests look at limits and usage with the keys that they call with. */
const everyScope = ["--scopes", "llm,usage:read,account"];

function serviceOf(stack: Stack, name: string) {
  const service = stack.services[name];
  if (service === undefined) throw new Error(`no service is called ${name}`);
  return service;
}

async function runCommand(service: string, name: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const entry = join(root, "services", service, "dist/commands", `${name}.js`);
  const { stdout } = await run(process.execPath, [entry, ...args], {
    env: { ...runtimeEnvironment(process.env), ...env, NODE_OPTIONS: "" },
    timeout: 60_000,
  });
  return stdout;
}

/** A subscription set by command takes a moment to reach quota: waits for it, so that a test starts from the plan it named. */
async function limitIsKnown(platform: Platform, key: string, isFree: boolean): Promise<void> {
  const readLimits = async (): Promise<{ status: number; text: string }> => {
    const answer = await request(`${platform.gatewayUrl}/api/limits`, { headers: { authorization: `Bearer ${key}` } });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  await until(
    "the new subscription is known to quota",
    readLimits,
    ({ status, text }) => status === 200 && (isFree || !/"plan":"free"/.test(text)),
  );
}
