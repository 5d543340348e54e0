import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { MemberRole } from "@topdog/contracts/events/org-events";
import { signPrincipalHeader } from "@topdog/contracts/principal-header";
import { orgBucket, seatBucket, userBucket } from "@topdog/contracts/quota";
import type { Database } from "@topdog/postgres/pool";
import { createMetrics } from "@topdog/telemetry/metrics";
import { silentLogger } from "@topdog/testing/logger";
import { type TestNats, testNats } from "@topdog/testing/nats";
import { testDatabase } from "@topdog/testing/postgres";
import { createApp } from "../src/app.ts";
import type { SetPlanDeps } from "../src/usecases/set-plan.ts";

export const migrations = new URL("../migrations/", import.meta.url);
const principalSecret = "a test's secret of thirty-two characters";

export interface As {
  readonly userId: string;
  readonly orgId?: string;
  readonly role?: MemberRole;
}

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
}

export interface Billing {
  readonly db: Database;
  readonly nats: TestNats;
  readonly deps: SetPlanDeps;
  call(method: string, path: string, as: As | null, body?: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** The whole service against a database and a bus of the test's own. */
export async function startBilling(
  options: { regulatedLineup?: boolean; stripeKeySet?: boolean } = {},
): Promise<Billing> {
  const { regulatedLineup = false, stripeKeySet = false } = options;
  const [database, nats] = await Promise.all([testDatabase({ migrations }), testNats()]);
  const app = createApp({
    db: database.db,
    bus: await nats.busOf("billing"),
    logger: silentLogger(),
    metrics: createMetrics("billing"),
    nowMs: Date.now,
    principalSecret,
    http: { host: "127.0.0.1", port: 0 },
    regulatedLineup,
    stripeKeySet,
    graceMs: 1000,
  });
  const { port } = await app.start();
  return {
    db: database.db,
    nats,
    deps: { db: database.db, nowMs: Date.now, regulatedLineup },
    call: (method, path, as, body) => call(`http://127.0.0.1:${port}${path}`, method, as, body),
    stop: async () => {
      await app.stop();
      await nats.stop();
      await database.drop();
    },
  };
}

async function call(url: string, method: string, as: As | null, body: string | undefined): Promise<Answer> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (as !== null) headers["x-topdog-principal"] = principalHeader(as);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // `agent: false`: a connection of its own, so that none is left open after the test.
    const sent = request(url, { method, headers, agent: false }, resolve).on("error", reject);
    sent.end(body);
  });
  const got = await text(response);
  return {
    status: response.statusCode ?? 0,
    type: response.headers["content-type"] ?? null,
    body: (got.startsWith("{") ? JSON.parse(got) : { text: got }) as Answer["body"],
  };
}

function principalHeader({ userId, orgId, role }: As): string {
  const principal = {
    keyId: "key_of_caller",
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

export const org = (orgId: string, version: number, activeMembers: number, ownerUserId = "usr_owner") => ({
  orgId,
  version,
  name: "Acme",
  ownerUserId,
  activeMembers,
  changedAt: new Date().toISOString(),
});
