import { rmSync } from "node:fs";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { startStack } from "@topdog/local-stack/stack";
import { Client } from "undici";
import { createManyKeys } from "./many-keys.ts";
import { percentile } from "./statistics.ts";

const keyCount = 400;
/** Revoked first and not counted: the code of both services is compiled by then. */
const warmUpKeys = 40;
const gatewayCount = 2;
const giveUpAfterMs = 30_000;

/** How long after DELETE's answer a revoked key is still served by one of two gateways that knew it. */
export async function measureRevocation(progress: (line: string) => void): Promise<void> {
  const dataDir = makeScratchFolder("bench-revocation");
  // Every key ends in refusals; this address may cause as many as it likes.
  const env = { gateway: { BAD_KEYS_PER_MINUTE: "100000", PRINCIPAL_TTL_MS: "600000" } };
  const stack = await startStack({ dataDir, gateways: gatewayCount, env, onProgress: progress });
  const gateways = stack.urls.gateway.map((url) => new Client(url));
  try {
    const keys = await createManyKeys(stack, keyCount);
    progress(`revoking ${keyCount} keys, one after the other`);
    const delaysMs: number[] = [];
    for (const [index, key] of keys.entries()) {
      const delayMs = await revoke(gateways, key, `key_usr_bench_${index}`);
      if (index >= warmUpKeys) delaysMs.push(delayMs);
    }
    console.log(describe(delaysMs));
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.destroy()));
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function statusOf(gateway: Client, key: string, method: "GET" | "DELETE", path: string): Promise<number> {
  const { statusCode, body } = await gateway.request({ method, path, headers: { authorization: `Bearer ${key}` } });
  await body.dump();
  return statusCode;
}

/** Milliseconds from DELETE's answer to the first refusal by the slower gateway; a refusal's own way is part of it. */
async function revoke(gateways: readonly Client[], key: string, keyId: string): Promise<number> {
  const [first] = gateways as [Client];
  for (const gateway of gateways) {
    const status = await statusOf(gateway, key, "GET", "/v1/models");
    if (status !== 200) throw new Error(`a key that is good was answered ${status}`);
  }
  const status = await statusOf(first, key, "DELETE", `/api/keys/${keyId}`);
  if (status !== 204) throw new Error(`a revocation was answered ${status}`);
  const answeredMs = performance.now();
  await Promise.all(gateways.map((gateway) => untilRefused(gateway, key)));
  return performance.now() - answeredMs;
}

async function untilRefused(gateway: Client, key: string): Promise<void> {
  const endsAtMs = performance.now() + giveUpAfterMs;
  while ((await statusOf(gateway, key, "GET", "/v1/models")) !== 401) {
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
