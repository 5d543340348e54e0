import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { singleUsageConsumed, usageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { resolveStanding, type Standing } from "@topdog/contracts/rpc/resolve-standing";
import { type LeaseGrant, type LeaseReport, syncLeases } from "@topdog/contracts/rpc/sync-leases";
import { type QuotaRecalled, quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Bus } from "@topdog/messaging/connect";
import { listDeadLetters } from "@topdog/messaging/dead-letters";
import { readyEvent } from "@topdog/messaging/event-batch";
import { publishBatch, publishEvent } from "@topdog/messaging/publish";
import { callRpc, serveRpc } from "@topdog/messaging/rpc";
import { onSignal } from "@topdog/messaging/signal";
import type { SessionCaller } from "@topdog/contracts/account-call";
import { accountCall, type Answer, type As, callerEnv, sessionOf } from "@topdog/testing/account-call";
import { silentLogger } from "@topdog/testing/logger";
import { eventually } from "@topdog/testing/eventually";
import { startStoringService, type StoringTestService } from "@topdog/testing/service";
import { quota } from "../src/app.ts";
import { migrations, readViolations } from "./platform.ts";
import { as, someUsages } from "./some-usages.ts";

let service: StoringTestService;
let gateway: Bus;
let billing: Bus;
let router: Bus;
const recalls: QuotaRecalled[] = [];
const members = new Map<string, NonNullable<Standing["member"]>>();

beforeAll(async () => {
  service = await startStoringService(quota, { migrations, env: callerEnv });
  const { busOf } = service.nats;
  [gateway, billing, router] = await Promise.all([busOf("gateway"), busOf("billing"), busOf("llm-router")]);
  onSignal(gateway, quotaRecalled, (signal) => void recalls.push(signal));
  // Who is a member of what, as org-registry would say.
  serveRpc(await busOf("org-registry"), resolveStanding, {
    maxInFlight: 16,
    logger: silentLogger(),
    handle: async ({ userId, orgId }) => {
      const member = orgId === null ? null : (members.get(`${orgId} ${userId}`) ?? null);
      const own = { scope: "user", used: 2, capacity: 2 } as const;
      return { member, byok: member === null ? [own] : [own, { scope: "org", used: 19, capacity: 18 }] };
    },
  });
  await Promise.all([gateway.nc.flush(), (await busOf("org-registry")).nc.flush()]);
});
afterAll(() => service.stop());

async function sync(report: Partial<LeaseReport> & Pick<LeaseReport, "owner">): Promise<LeaseGrant> {
  const lease = { meter: "api_calls" as const, leaseId: null, used: 0, returned: 0, want: 0, close: false, ...report };
  const request = { gatewayId: "gateway-under-test", leases: [lease] };
  const [grant] = (await callRpc(gateway, syncLeases, request, { timeoutMs: 30_000 })).leases;
  if (grant === undefined) throw new Error("no answer");
  return grant;
}

const get = (path: string, caller: As | SessionCaller | null = null): Promise<Answer> =>
  accountCall({ name: "quota", url: service.url }, "GET", path, caller);
const subscribe = (owner: string, plan: "teams" | "pro", version: number, seats = 1) =>
  publishEvent(
    billing,
    subscriptionUpdated,
    { owner, plan, version, seats, interval: "month", status: "active", changedAt: new Date().toISOString() },
    { id: `${owner}-${version}` },
  );

test("a subscription's change reaches the limits, and only then are gateways told", async () => {
  const owner = "user:upgraded";
  await sync({ owner, want: 1 });
  await subscribe(owner, "pro", 1);
  await eventually(() => expect(recalls).toContainEqual({ owner, meter: "api_calls", reason: "limit_changed" }));
  expect(await sync({ owner })).toMatchObject({ limit: 800, plan: "pro" });
});

test("a version that billing cannot have reached is set aside, and the true ones are applied", async () => {
  const owner = "user:forged";
  await sync({ owner, want: 1 });
  await subscribe(owner, "teams", Number.MAX_SAFE_INTEGER, 99);
  await subscribe(owner, "pro", 1);
  await eventually(async () => expect(await sync({ owner })).toMatchObject({ limit: 800, plan: "pro" }));
  const [letter] = await listDeadLetters(service.nats.bus, "quota-on-subscription-updated");
  expect(letter?.reason).toMatch(/^invalid: version 9007199254740991 of .* cannot follow version 0$/);
});

describe("usage", () => {
  const org = "acme";
  const today = () => new Date().toISOString().slice(0, 10);
  beforeAll(async () => {
    await subscribe(`org:${org}`, "teams", 1, 3);
    await eventually(async () => expect(await sync({ owner: `org:${org}` })).toMatchObject({ limit: 1200 }));
    const own = await sync({ owner: "user:ann", want: 4 });
    const seat = await sync({ owner: `seat:${org}:ann`, want: 4 });
    const pool = await sync({ owner: `org:${org}`, want: 4 });
    const usages = someUsages({ own, seat, pool }, org);
    const events = usages.map((usage) => {
      const { finishedAt: time, traceparent } = usage;
      return readyEvent(usageConsumed, usage, { id: usageIdOf(usage), time, traceparent });
    });
    // Another message id each time: the bus's own deduplication must not be what makes this come out right.
    for (const [first, end] of [
      [0, 3],
      [2, 5],
      [0, 5],
    ] as const) {
      await publishBatch(router, usageConsumed, { id: `batch-${first}-${end}`, events: events.slice(first, end) });
    }
    for (const usage of usages.slice(0, 2))
      await publishEvent(router, singleUsageConsumed, usage, { id: usageIdOf(usage) });
    await eventually(async () => {
      const { rows } = await service.db.raw<{ rows: { count: string }[] }>(
        "select count(*) from ledger where state = 'completed'",
      );
      expect(Number(rows[0]?.count)).toBe(6);
    });
  });

  test("is shown to its own caller, by day, source and model, with an exact cost", async () => {
    const { status, body } = await get("/api/usage", as("ann", null));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      from: today(),
      to: today(),
      total: {
        calls: 2,
        llmRequests: 1,
        promptTokens: 10,
        completionTokens: 20,
        costNanoUsd: 30_600,
        costUsd: "0.0000306",
      },
      rows: [
        { source: "personal", model: null, calls: 1, llmRequests: 0 },
        { source: "personal", model: "sandbox-small", calls: 1, llmRequests: 1 },
      ],
    });
  });

  test("never crosses a tenant: not another user's, not the same user's in another org, not an org's to a stranger", async () => {
    const total = async (path: string, caller: As | SessionCaller) => (await get(path, caller)).body;
    expect(await total("/api/usage", as("eve", null))).toMatchObject({ total: { calls: 0 }, rows: [] });
    expect(await total("/api/usage", as("eve", org, "member"))).toMatchObject({
      total: { calls: 0 },
      rows: [],
    });
    expect(await total("/api/usage", as("ann", org, "member"))).toMatchObject({ total: { calls: 1 } });
    expect(await total("/api/usage", sessionOf("eve"))).toMatchObject({ total: { calls: 0 }, rows: [] });
    expect(await total("/api/usage", sessionOf("ann"))).toMatchObject({ total: { calls: 2 } });
    expect(await total("/api/usage?scope=org", as("eve", "other", "owner"))).toMatchObject({
      total: { calls: 0 },
    });
    expect((await get("/api/usage?scope=org", as("ann", org, "member"))).status).toBe(403);
    expect((await get("/api/usage?scope=org", as("ann", null))).status).toBe(403);
    expect((await get("/api/usage?scope=org", sessionOf("ann"))).status).toBe(403);
    expect((await get("/api/usage")).status).toBe(401);
  });

  test("of a whole org is shown to its owner, its admins and who pays for it, without refunded calls", async () => {
    for (const role of ["owner", "admin", "billing"] as const) {
      const { body } = await get("/api/usage?scope=org", as("ann", org, role));
      expect(body).toMatchObject({ total: { calls: 2, refundedCalls: 1, costNanoUsd: 61_200 } });
    }
  });

  test("is asked for by days in order, 31 at most", async () => {
    const status = async (query: string) => (await get(`/api/usage?${query}`, as("ann", null))).status;
    expect(await status("from=2026-10-01&to=2026-10-31")).toBe(200);
    expect(await status("from=2026-10-01&to=2026-11-01")).toBe(400);
    expect(await status("from=2026-10-02&to=2026-10-01")).toBe(400);
    for (const day of ["yesterday", "0000-00-00", "0000-01-01", "2026-02-30", "2026-13-01"]) {
      expect([day, await status(`from=${day}`), await status(`to=${day}`)]).toEqual([day, 400, 400]);
    }
    expect(await status("user=bob")).toBe(400);
  });

  describe("of before, by the hour or the day", () => {
    const history = async (query: string, caller: As | SessionCaller = as("ann", org, "owner")) =>
      (await get(`/api/usage/history${query === "" ? "" : `?${query}`}`, caller)).body;

    test("is split as it was asked for, refunded calls apart, and says whose keys and members only by their ids", async () => {
      const { items, nextCursor } = await history("scope=org&groupBy=source,member,model");
      const line = { at: today(), model: "sandbox-small" };
      expect(items).toMatchObject([
        {
          ...line,
          source: "org_pool",
          userId: "bob",
          calls: 1,
          llmRequests: 1,
          llmRequestsCharged: 0,
          refundedCalls: 1,
        },
        { ...line, source: "personal", userId: "ann", calls: 1, refundedCalls: 0, costUsd: "0.0000306" },
      ]);
      expect([nextCursor, items?.map((one) => "keyId" in one)]).toEqual([null, [false, false]]);
      const byMeter = await history("scope=org&groupBy=meter");
      expect(byMeter.items).toMatchObject([
        { meter: "api_calls", charged: 2, calls: 2, costNanoUsd: 61_200 },
        { meter: "llm_requests", charged: 0, calls: 0, costNanoUsd: 0 },
      ]);
    });

    test("the hours of a day are that day", async () => {
      const { items } = await history("scope=org&interval=hour");
      expect(items?.every(({ at }) => String(at).startsWith(`${today()}T`))).toBe(true);
      expect(items?.reduce((sum, { calls }) => sum + Number(calls), 0)).toBe(2);
    });

    test("comes page by page, each line once, and a cursor of another question is refused", async () => {
      const query = "scope=org&groupBy=member,provider&limit=1";
      const first = await history(query);
      const second = await history(`${query}&cursor=${String(first["nextCursor"])}`);
      expect([first, second].map(({ items }) => items?.map((one) => one["userId"]))).toEqual([["ann"], ["bob"]]);
      expect(second["nextCursor"]).toBeNull();
      for (const cursor of [String(first["nextCursor"]), "bm9uZQ", "*"])
        expect((await get(`/api/usage/history?cursor=${cursor}`, as("ann", null))).status).toBe(400);
    });

    test("is filtered, and a filter that matches nothing gives nothing", async () => {
      const calls = async (query: string) => (await history(`scope=org&${query}`)).items?.map((one) => one["calls"]);
      expect(await calls("userId=bob")).toEqual([1]);
      expect(await calls("source=personal&keyId=key_1&model=sandbox-small&provider=sandbox-a")).toEqual([1]);
      expect(await calls("model=gpt-none")).toEqual([]);
    });

    test("a member sees their own alone, and whoever is of another tenant nothing", async () => {
      const total = async (caller: As | SessionCaller, query = "") =>
        (await history(query, caller)).items?.map((one) => one["calls"]) ?? [];
      expect(await total(as("ann", org, "member"))).toEqual([1]);
      expect(await total(as("ann", null))).toEqual([2]);
      expect(await total(as("eve", org, "member"))).toEqual([]);
      expect(await total(as("eve", "other", "owner"), "scope=org")).toEqual([]);
      const refused = async (query: string, caller: As | SessionCaller | null) =>
        (await get(`/api/usage/history${query}`, caller)).status;
      expect(await refused("?scope=org", as("ann", org, "member"))).toBe(403);
      expect(await refused("?userId=bob", as("ann", org, "owner"))).toBe(403);
      expect(await refused(`?orgId=${org}`, sessionOf("eve"))).toBe(404);
      expect(await refused(".csv?scope=org", as("ann", org, "member"))).toBe(403);
      expect(await refused("", null)).toBe(401);
    });

    test("is asked for within bounds, and the error names what is wrong", async () => {
      for (const [query, field] of [
        ["from=2026-01-01&to=2027-02-05", "from"],
        ["interval=hour&from=2026-01-01&to=2026-02-01", "from"],
        ["from=2026-01-02&to=2026-01-01", "from"],
        ["interval=week", "interval"],
        ["groupBy=model,color", "groupBy"],
        ["limit=0", "limit"],
        ["limit=1001", "limit"],
        ["model=", "model"],
        ["provider=a%00b", "provider"],
        ["userId=a%20b", "userId"],
        ["color=red", "color"],
      ] as const) {
        const { status, body } = await get(`/api/usage/history?${query}`, as("ann", org, "owner"));
        expect([query, status, String(body["detail"])]).toEqual([query, 400, expect.stringContaining(field)]);
      }
    });

    test("as CSV has a line of names and every line of the range", async () => {
      const { type, body } = await get("/api/usage/history.csv?scope=org&groupBy=member", as("ann", org, "billing"));
      expect(type).toBe("text/csv; charset=utf-8");
      expect(String(body["text"]).split("\r\n")).toEqual([
        "at,userId,calls,llmRequests,llmRequestsCharged,refundedCalls,promptTokens,completionTokens,costNanoUsd,costUsd,unpricedCalls",
        `${today()},ann,1,1,0,0,10,20,30600,0.0000306,0`,
        `${today()},bob,1,1,0,1,20,40,30600,0.0000306,0`,
        "",
      ]);
    });
  });

  test("counts against the caller's own limits, also where nothing was used yet", async () => {
    const { body } = await get("/api/limits", as("ann", org, "member"));
    const line = { orgId: org, plan: "teams", resetsAt: new Date(Date.parse(today()) + 86_400_000).toISOString() };
    expect(body).toMatchObject({
      day: today(),
      resetsAt: line.resetsAt,
      limits: [
        { ...line, source: "personal", meter: "api_calls", limit: 1600, used: 1, remaining: 1599 },
        { ...line, source: "personal", meter: "llm_requests", limit: 600, used: 0, remaining: 600 },
        { ...line, source: "org_pool", meter: "api_calls", limit: 1200, used: 1, remaining: 1199 },
      ],
      ceilings: [],
      concurrency: [{ orgId: org, plan: "teams", limit: 3 }],
      byok: [{ orgId: null, scope: "user", used: 0, capacity: 2, state: "free" }],
    });
    expect((await get("/api/limits")).status).toBe(401);
  });

  describe("for a person who is signed in", () => {
    const inOrg = `orgId=${org}`;
    beforeAll(() => {
      members.set(`${org} ann`, { role: "member", active: true });
      members.set(`${org} paul`, { role: "billing", active: false });
      members.set(`${org} adam`, { role: "admin", active: true });
      members.set(`${org} former-admin`, { role: "admin", active: false });
    });
    const used = ({ body }: Answer) =>
      (body["limits"] as Record<string, unknown>[]).map((one) => [
        one["orgId"],
        one["source"],
        one["meter"],
        one["used"],
      ]);

    test("the limits are those of their own keys, and with an org those of their seat and its pool besides", async () => {
      const own = [
        [null, "personal", "api_calls", 2],
        [null, "personal", "llm_requests", 0],
      ];
      expect(used(await get("/api/limits", sessionOf("ann")))).toEqual(own);
      const { body, ...answer } = await get(`/api/limits?${inOrg}`, sessionOf("ann"));
      expect(used({ body, ...answer })).toEqual([
        ...own,
        [org, "personal", "api_calls", 1],
        [org, "personal", "llm_requests", 0],
        [org, "org_pool", "api_calls", 1],
      ]);
      expect(body).toMatchObject({
        concurrency: [
          { orgId: null, plan: "free", limit: 1 },
          { orgId: org, plan: "teams", limit: 3 },
        ],
        byok: [
          { orgId: null, scope: "user", used: 2, capacity: 2, state: "full" },
          { orgId: org, scope: "org", used: 19, capacity: 18, state: "over" },
        ],
      });
    });

    test("a member without a seat has no limits of their own in the org", async () => {
      const lines = used(await get(`/api/limits?${inOrg}`, sessionOf("paul")));
      expect(lines.filter(([orgId]) => orgId === org)).toEqual([[org, "org_pool", "api_calls", 1]]);
    });

    test("the usage is that of their own keys, or their own in the org that they name", async () => {
      const calls = async (query: string, userId: string) =>
        ((await get(`/api/usage${query}`, sessionOf(userId))).body["total"] as { calls: number } | undefined)?.calls;
      expect(await calls("", "ann")).toBe(2);
      expect(await calls(`?${inOrg}`, "ann")).toBe(1);
      expect(await calls(`?${inOrg}`, "adam")).toBe(0);
      expect(await calls(`?${inOrg}&scope=org`, "adam")).toBe(2);
      expect(await calls(`?${inOrg}&scope=org`, "paul")).toBe(2);
    });

    test("who is no member of an org, or not any more, learns nothing of it: not even that it exists", async () => {
      for (const path of ["/api/limits?", "/api/usage?", "/api/usage?scope=org&"]) {
        const foreign = await get(`${path}${inOrg}`, sessionOf("eve"));
        expect(foreign.status).toBe(404);
        expect(foreign).toEqual(await get(`${path}orgId=org_missing`, sessionOf("eve")));
        // A key has its one place.
        expect((await get(`${path}${inOrg}`, as("ann", null))).status).toBe(404);
        expect((await get(`${path}orgId=other`, as("ann", org, "owner"))).status).toBe(404);
      }
      members.delete(`${org} ann`);
      expect((await get(`/api/limits?${inOrg}`, sessionOf("ann"))).status).toBe(404);
    });

    test("all of an org's usage is shown to nobody who does not run it or pay for it", async () => {
      members.set(`${org} ann`, { role: "member", active: true });
      for (const userId of ["ann", "former-admin"])
        expect((await get(`/api/usage?scope=org&${inOrg}`, sessionOf(userId))).status).toBe(403);
    });
  });
});

test("the consistency SLI is 1 until the ledger and a counter disagree, and /metrics says the same", async () => {
  const sli = async (): Promise<{
    meteringConsistency: { ratio: number; checkedBuckets: number; disagreeingBuckets: number };
  }> => (await accountCall({ name: "quota", url: service.opsUrl }, "GET", "/consistency/sli", null)).body as never;
  const healthy = await sli();
  expect(healthy.meteringConsistency).toMatchObject({
    ratio: 1,
    disagreeingBuckets: 0,
    missingSeqs: 0,
  });
  expect(await readViolations(service.db)).toEqual([]);
  await service.db.raw(
    "delete from ledger where (lease_id, seq) = (select lease_id, seq from ledger where user_id = 'bob' and entry = 'charge' order by seq limit 1)",
  );
  await eventually(async () => {
    const { meteringConsistency: broken } = await sli();
    expect(broken.disagreeingBuckets).toBe(1);
    expect(broken.ratio).toBeCloseTo(1 - 1 / broken.checkedBuckets, 10);
  });
  const metrics = await (await fetch(`${service.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^topdog_quota_metering_consistency_ratio\{[^}]*\} 0\.\d+$/m);
});

test("the consistency SLI is shown to a person who operates the platform, and to no other", async () => {
  const path = "/api/operator/consistency";
  expect((await get(path, sessionOf("ops", { operator: true }))).body).toHaveProperty("meteringConsistency.target", 1);
  expect([(await get(path, sessionOf("ann"))).status, (await get(path)).status]).toEqual([403, 401]);
});

test("what is for operators is on the operations port, and as if missing to callers", async () => {
  for (const path of ["/metrics", "/consistency/sli"]) {
    expect((await get(path)).status).toBe(404);
    expect((await accountCall({ name: "quota", url: service.opsUrl }, "GET", path, null)).status).toBe(200);
  }
});
