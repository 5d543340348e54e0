import { randomBytes } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { PlanId } from "@topdog/contracts/plans";
import { signPrincipalHeader } from "@topdog/contracts/principal-header";
import { orgBucket, seatBucket, userBucket } from "@topdog/contracts/quota";
import type { Database } from "@topdog/postgres/pool";
import { createMetrics } from "@topdog/telemetry/metrics";
import { silentLogger } from "@topdog/testing/logger";
import { type TestNats, testNats } from "@topdog/testing/nats";
import { testDatabase } from "@topdog/testing/postgres";
import { createApp } from "../src/app.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";

export const migrations = new URL("../migrations/", import.meta.url);
const principalSecret = "a test's secret of thirty-two characters";

export interface As {
  readonly userId: string;
  readonly orgId?: string;
  readonly role?: MemberRole;
  /** Only the making of a key asks whether the caller's own is live. */
  readonly keyId?: string;
}

export interface Answer {
  readonly status: number;
  // Tests read what they expect; a wrong shape fails the expectation.
  readonly body: Record<string, unknown> & { items?: Record<string, unknown>[] };
}

export interface Registry {
  readonly db: Database;
  readonly nats: TestNats;
  readonly url: string;
  /** For arranging a test without HTTP. */
  readonly deps: RegistryDeps;
  call(method: string, path: string, as: As | null, body?: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

export const depsOn = (db: Database): RegistryDeps => ({ db, nudge: () => undefined, nowMs: Date.now, randomBytes });

/** The whole service against a database and a bus of the test's own. */
export async function startRegistry(): Promise<Registry> {
  const [database, nats] = await Promise.all([testDatabase({ migrations }), testNats()]);
  const app = createApp({
    db: database.db,
    bus: await nats.busOf("org-registry"),
    logger: silentLogger(),
    metrics: createMetrics("org-registry"),
    nowMs: Date.now,
    randomBytes,
    principalSecret,
    http: { host: "127.0.0.1", port: 0 },
    rpcMaxInFlight: 64,
    graceMs: 1000,
  });
  const { port } = await app.start();
  const url = `http://127.0.0.1:${port}`;
  return {
    db: database.db,
    nats,
    url,
    deps: depsOn(database.db),
    call: (method, path, as, body) => call(`${url}${path}`, method, as, body),
    stop: async () => {
      await app.stop();
      await nats.stop();
      await database.drop();
    },
  };
}

async function call(url: string, method: string, as: As | null, body: unknown): Promise<Answer> {
  const payload = body === undefined ? "" : JSON.stringify(body);
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(payload)),
  };
  if (as !== null) headers["x-topdog-principal"] = principalHeader(as);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // `agent: false`: a connection of its own, so that none is left open after the test.
    const sent = request(url, { method, headers, agent: false }, resolve).on("error", reject);
    sent.end(payload);
  });
  const got = await text(response);
  return { status: response.statusCode ?? 0, body: (got === "" ? {} : JSON.parse(got)) as Answer["body"] };
}

function principalHeader({ userId, orgId, role, keyId = "key_of_caller" }: As): string {
  const principal = {
    keyId,
    userId,
    orgId: orgId ?? null,
    role: orgId === undefined ? null : (role ?? "member"),
    buckets:
      orgId === undefined
        ? { personal: userBucket(userId), orgPool: null }
        : { personal: seatBucket(orgId, userId), orgPool: orgBucket(orgId) },
    byok: { scope: "user" as const, used: 0, capacity: 2 },
  };
  const deadlineMs = Date.now() + 30_000;
  return signPrincipalHeader({ kind: "account", requestId: "req_test", principal, deadlineMs }, principalSecret);
}

export const subscription = (owner: string, version: number, seats: number, plan: PlanId = "teams") => ({
  owner,
  version,
  plan,
  interval: "month" as const,
  seats,
  status: "active" as const,
  changedAt: new Date().toISOString(),
});
