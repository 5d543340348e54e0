import { rmSync } from "node:fs";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { signInAsDemo } from "@topdog/local-stack/sign-in";
import { startStack } from "@topdog/local-stack/stack";
import { Client } from "undici";
import { createKeysOf } from "./many-keys.ts";
import { percentile } from "./statistics.ts";

/** Each calls a dozen times before it is refused everywhere: together less than the plan has for a day. */
const keyCount = 200;
/** Revoked first and not counted: the code of both services is compiled by then. */
const warmUpKeys = 20;
const gatewayCount = 2;
const giveUpAfterMs = 30_000;

/** How long after DELETE's answer a revoked key is still served by one of two gateways that knew it. */
export async function measureRevocation(progress: (line: string) => void): Promise<void> {
  const dataDir = makeScratchFolder("bench-revocation");
  // Every key ends in refusals, and lists models until then; this address may cause as many as it likes.
  const env = {
    gateway: { BAD_KEYS_PER_MINUTE: "100000", FREE_CALLS_PER_MINUTE: "1000000", PRINCIPAL_TTL_MS: "600000" },
  };
  const stack = await startStack({ dataDir, gateways: gatewayCount, env, onProgress: progress });
  const gateways = stack.urls.gateway.map((url) => new Client(url));
  try {
    const [first] = gateways as [Client];
    const person = await signInAsDemo(first, stack.urls.gateway[0] ?? "", stack.demo.password ?? "");
    const keys = await createKeysOf(stack, stack.demo.userId, keyCount);
    progress(`revoking ${keyCount} keys, one after the other`);
    const delaysMs: number[] = [];
    for (const [index, { id, key }] of keys.entries()) {
      const delayMs = await revoke(gateways, { id, key, person });
      if (index >= warmUpKeys) delaysMs.push(delayMs);
    }
    console.log(describe(delaysMs));
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.destroy()));
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

type Headers = Readonly<Record<string, string>>;

async function statusOf(gateway: Client, headers: Headers, method: "GET" | "DELETE", path: string): Promise<number> {
  const { statusCode, body } = await gateway.request({ method, path, headers });
  await body.dump();
  return statusCode;
}

const useKey = (gateway: Client, key: string): Promise<number> =>
  statusOf(gateway, { authorization: `Bearer ${key}` }, "GET", "/v1/models");

interface Revocation {
  readonly id: string;
  readonly key: string;
  /** Headers of a session of the key's owner. */
  readonly person: Headers;
}

/** Milliseconds from DELETE's answer to the first refusal by the slower gateway; a refusal's own way is part of it. */
async function revoke(gateways: readonly Client[], { id, key, person }: Revocation): Promise<number> {
  const [first] = gateways as [Client];
  for (const gateway of gateways) {
    const status = await useKey(gateway, key);
    if (status !== 200) throw new Error(`a key that is good was answered ${status}`);
  }
  const status = await statusOf(first, person, "DELETE", `/api/keys/${id}`);
  if (status !== 204) throw new Error(`a revocation was answered ${status}`);
  const answeredMs = performance.now();
  await Promise.all(gateways.map((gateway) => untilRefused(gateway, key)));
  return performance.now() - answeredMs;
}

async function untilRefused(gateway: Client, key: string): Promise<void> {
  const endsAtMs = performance.now() + giveUpAfterMs;
  while ((await useKey(gateway, key)) !== 401) {
    if (performance.now() > endsAtMs) throw new Error(`a revoked key is served after ${giveUpAfterMs} ms`);
  }
}

function describe(delaysMs: readonly number[]): string {
  const ascending = delaysMs.toSorted((a, b) => a - b);
  const at = (percent: number): string => `${percentile(ascending, percent).toFixed(1)} ms`;
  return (
    `revocation: ${delaysMs.length} keys, ${gatewayCount} gateways; ` +
    `from DELETE's answer until both refuse: p50 ${at(50)}, p99 ${at(99)}, max ${at(100)}`
  );
}
