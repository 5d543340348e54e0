import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { databaseOf } from "@topdog/contracts/services";
import { runScript } from "@topdog/local-stack/run-script";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { type Stack, startStack } from "@topdog/local-stack/stack";

const root = join(import.meta.dirname, "../..");
/** Enough for days of load: the org bucket has 1,750 calls for each seat. */
const seats = 20_000;
const planTravelMs = 2_000;
/** More than the largest workload has: nothing is forgotten in the middle of a measurement. */
const keysInMemory = { MAX_PRINCIPALS: "200000", MAX_BUCKETS: "800000" };
/** One address calls with all keys for the first time, as many at once as it has connections. */
const gatewaySettings = { ...keysInMemory, BAD_KEYS_PER_MINUTE: "10000" };

export interface Platform {
  readonly stack: Stack;
  readonly gatewayPort: number;
  /** One per customer, each charging another org's bucket. */
  readonly keys: readonly string[];
  /** Processes of ours by name. */
  readonly processes: () => Record<string, number>;
  readonly stop: () => Promise<void>;
}

type Printed = Readonly<Record<string, string>>;

/** An Enterprise org with its owner's key, made by the operator's commands. */
async function createCustomer(stack: Stack, index: number): Promise<string> {
  const command = async (service: string, name: string, args: readonly string[]): Promise<Printed> => {
    const printed = await runScript({
      name: `${service} ${name}`,
      entry: `dist/commands/${name}.js`,
      args,
      cwd: join(root, "services", service),
      env: {
        DATABASE_URL: stack.postgres.url(databaseOf(service), databaseOf(service)),
        AUDIT_KEYS: stack.auditKeys,
      },
    });
    const lastLine = printed.trim().split("\n").at(-1) ?? "";
    return lastLine.startsWith("{") ? (JSON.parse(lastLine) as Printed) : {};
  };
  const user = await command("org-registry", "create-user", ["--email", `bench-${index}@topdog.example`]);
  const owner = user["id"] ?? "";
  const org = await command("org-registry", "create-org", ["--name", `Bench ${index}`, "--owner", owner]);
  const orgId = org["id"] ?? "";
  await command("billing", "set-plan", ["--owner", `org:${orgId}`, "--plan", "enterprise", "--seats", String(seats)]);
  await sleep(planTravelMs);
  const key = await command("org-registry", "create-key", ["--user", owner, "--org", orgId, "--name", "bench"]);
  if (key["key"] === undefined) throw new Error("create-key printed no key");
  return key["key"];
}

/** The whole platform with everything on: keys, quota, spool, ledger, metrics, logs, as `npm start` runs it. */
export async function startPlatform(
  providerPort: number,
  customers: number,
  progress: (line: string) => void,
): Promise<Platform> {
  const dataDir = makeScratchFolder("bench");
  const provider = { SANDBOX_URLS: `http://127.0.0.1:${providerPort}`, OPENAI_API_KEY: undefined };
  const stack = await startStack({
    dataDir,
    sandboxes: 0,
    env: { "llm-router": provider, gateway: gatewaySettings },
    onProgress: progress,
    onUnexpectedExit: (name, _exit, logTail) => progress(`${name} ended by itself:\n${logTail}`),
  });
  const stop = async (): Promise<void> => {
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const keys = await Promise.all(Array.from({ length: customers }, (_, index) => createCustomer(stack, index)));
    progress(`${customers} Enterprise orgs of ${seats} seats exist`);
    return { ...describe(stack, keys), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const describe = (stack: Stack, keys: readonly string[]): Omit<Platform, "stop"> => ({
  stack,
  keys,
  gatewayPort: Number(new URL(stack.urls.gateway[0] ?? "").port),
  processes: () => ({
    ...Object.fromEntries(Object.values(stack.services).map((service) => [service.name, service.pid])),
    nats: stack.nats.pid,
    postgres: stack.postgres.pid,
  }),
});
