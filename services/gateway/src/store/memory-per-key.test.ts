import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { Timers } from "../clients/timers.ts";
import { admitCall } from "../usecases/admit-call.ts";
import { createPrincipals } from "./principals.ts";
import { createQuotaLeases, type QuotaLeasesDeps } from "./quota-leases.ts";

const keys = 20_000;
const atOnce = 500;
const maxBytesPerKey = 3_000;
const day = "2026-11-22";
const nowMs = Date.parse(`${day}T12:00:00.000Z`);

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** As it comes out of a message: its strings are nobody else's. */
const fromTheBus = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

async function resolve(keyHash: string): Promise<Principal> {
  const id = keyHash.slice(0, 24);
  return fromTheBus<Principal>({
    keyId: `key_${id}`,
    userId: `usr_${id}`,
    orgId: null,
    role: null,
    scopes: ["llm"],
    restrictions: null,
    buckets: { personal: `user:usr_${id}`, org: null },
    byok: { scope: "user", used: 0, capacity: 3 },
  });
}

const call: QuotaLeasesDeps["call"] = async ({ leases: reports }) => {
  const shared = { leaseId: "1000000", state: "open", day, window: 8, limit: 800, remaining: 600 } as const;
  const grants = reports.map(({ owner, meter, used, returned }) => {
    return { ...shared, owner, meter, size: 2 + used, returned, reported: used, plan: "pro", status: "ok" } as const;
  });
  return fromTheBus({ nowMs, day, leases: grants });
};

const timers: Timers = { soon: (work) => void setImmediate(work), after: () => () => undefined };

test("a known key costs at most 3 kB of heap, with its caller and the leases of both of its buckets", async () => {
  const monotonicMs = (): number => 0;
  const principals = createPrincipals({
    resolve,
    monotonicMs,
    maxEntries: keys,
    freshMs: 60_000,
    maxAgeMs: 3_600_000,
    maxStaleMs: 300_000,
    onLookup: () => undefined,
  });
  const quiet = { onSync: () => undefined, onFailure: () => undefined };
  const leases = createQuotaLeases({ gatewayId: "g", call, monotonicMs, timers, maxBuckets: 2 * keys, ...quiet });
  const callOnce = async (key: number): Promise<void> => {
    const caller = await principals.find(createHash("sha256").update(String(key)).digest("hex"));
    if (caller === null) throw new Error("the key is not known");
    await admitCall(leases, caller.principal, ["api_calls", "llm_requests"], { isGone: false });
  };

  const before = heapBytes();
  for (let first = 0; first < keys; first += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => callOnce(first + index)));
  }
  expect((heapBytes() - before) / keys).toBeLessThan(maxBytesPerKey);
  expect([principals.size(), leases.heldLeases()]).toEqual([keys, 2 * keys]);
});
