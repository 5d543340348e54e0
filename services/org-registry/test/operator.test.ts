import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { deadLetterSubject } from "@topdog/contracts/topology";
import { envelopeHeaders } from "@topdog/messaging/envelope";
import { publishStored } from "@topdog/messaging/publish";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { takeSums } from "../src/store/daily-usage.ts";
import { change } from "../src/usecases/change.ts";
import { someOrg } from "./arrange.ts";
import { type Registry, startRegistry, subscription } from "./start-registry.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const operator = sessionOf("usr_operator", { operator: true });
const list = (query: string, as = operator) => registry.call("GET", `/api/operator/tenants${query}`, as);

test("an operator finds orgs and users, with their plan, state and today's usage, page by page", async () => {
  const { orgId, owner } = await someOrg(registry.deps, { members: 1, seats: 4 });
  await someOrg(registry.deps, { members: 0, seats: 3 });
  const day = new Date().toISOString().slice(0, 10);
  const used = {
    calls: 1,
    llmRequests: 1,
    refundedCalls: 0,
    promptTokens: 10,
    completionTokens: 20,
    costNanoUsd: 30_600,
  };
  await change(registry.deps, "everyone", (trx) =>
    takeSums(trx, 1, [{ tenant: `org:${orgId}`, day, userId: owner, ...used }]),
  );
  const found = await list(`?search=${orgId}`);
  expect(found.body.items).toEqual([
    {
      tenant: `org:${orgId}`,
      kind: "org",
      id: orgId,
      name: "Acme",
      plan: "teams",
      seats: 4,
      activeMembers: 2,
      state: "active",
      createdAt: expect.any(String),
      today: { calls: 1, llmRequests: 1, costNanoUsd: 30_600 },
    },
  ]);
  const first = await list("?search=acm&limit=1");
  const second = await list(`?search=acm&limit=1&cursor=${String(first.body["nextCursor"])}`);
  const ids = [first, second].flatMap(({ body }) => body.items?.map((one) => one["id"]) ?? []);
  expect(new Set(ids).size).toBe(2);
  const users = await list("?kind=user&search=USER-");
  expect(users.body.items).toHaveLength(3);
  expect(users.body.items?.[0]).toMatchObject({ kind: "user", plan: "free", activeMembers: null, state: "unverified" });
  expect((await list("?search=nobody%25")).body.items).toEqual([]);
});

test("nobody else does: not an admin without a second factor, not a key, not an org's owner", async () => {
  expect((await list("", sessionOf("usr_admin"))).body["code"]).toBe("operator_required");
  const asKey = await registry.call("GET", "/api/operator/tenants", { userId: "usr_operator" });
  expect([asKey.status, asKey.body["code"]]).toEqual([403, "session_required"]);
  expect((await registry.call("GET", "/api/operator/tenants", null)).status).toBe(401);
});

describe("an event that a consumer gave up on", () => {
  const path = "/api/operator/dead-letters";
  const consumer = "org-registry-on-subscription-updated";
  /** As a service that may not say it would: no newer replica could take that. */
  const publishBroken = async (owner: string): Promise<Record<string, unknown>> => {
    const fields = { id: `broken-${owner}`, type: subscriptionUpdated.subject, source: "quota", time: new Date() };
    const body = new TextEncoder().encode(JSON.stringify(subscription(owner, 1, 3)));
    const headers = envelopeHeaders({ ...fields, traceparent: undefined });
    const billing = await registry.nats.busOf("billing");
    await publishStored(billing, { subject: subscriptionUpdated.subject, body, headers, id: fields.id }, 5_000);
    return eventually(async () => {
      const { body: listed } = await registry.call("GET", `${path}?durable=${consumer}`, operator);
      const letter = listed.items?.find((one) => one["eventId"] === fields.id);
      expect(letter).toBeDefined();
      return letter ?? {};
    });
  };
  const auditOf = async (action: string) => {
    const { rows } = await registry.db.raw<{ rows: { target: string; details: string }[] }>(
      "select target, details from audit_log where chain = 'user:usr_operator' and action = ? order by seq",
      [action],
    );
    return rows.map(({ target, details }) => ({ target, details: JSON.parse(details) as Record<string, unknown> }));
  };

  test("is listed with its reason, stays when it fails again, and is dropped with a reason, which is audited", async () => {
    const letter = await publishBroken("org:org_dropped");
    expect(letter).toMatchObject({ durable: consumer, deliveries: 1, reason: expect.stringContaining("ce-source") });
    expect(JSON.parse(String(letter["payload"]))).toMatchObject({ owner: "org:org_dropped" });
    const one = `${path}/${consumer}/${String(letter["seq"])}`;
    const again = await registry.call("POST", `${one}/replay`, operator);
    expect([again.status, again.body["code"]]).toEqual([409, "conflict"]);
    expect(await auditOf("dead_letter.replayed")).toEqual([]);
    expect((await registry.call("DELETE", one, operator, {})).status).toBe(400);
    expect((await registry.call("DELETE", one, operator, { reason: "a bad release" })).status).toBe(204);
    expect((await registry.call("DELETE", one, operator, { reason: "a bad release" })).status).toBe(404);
    expect(await auditOf("dead_letter.dropped")).toEqual([
      {
        target: `${consumer}:${String(letter["seq"])}`,
        details: expect.objectContaining({ eventId: "broken-org:org_dropped", reason: "a bad release" }),
      },
    ]);
  });

  test("is handled once more by its own service, which is audited, and then it is gone", async () => {
    const { orgId } = await someOrg(registry.deps, { members: 1, seats: 4 });
    const at = new Date();
    const header = envelopeHeaders({
      id: "given-up",
      type: subscriptionUpdated.subject,
      source: "billing",
      time: at,
      traceparent: undefined,
    });
    header.set("topdog-dead-subject", subscriptionUpdated.subject);
    header.set("topdog-dead-reason", "Error: the database was full");
    header.set("topdog-dead-deliveries", "8");
    const body = new TextEncoder().encode(JSON.stringify(subscription(`org:${orgId}`, 9, 7)));
    const bus = await registry.nats.busOf("org-registry");
    await publishStored(bus, { subject: deadLetterSubject(consumer), body, headers: header, id: "letter" }, 5_000);
    const { body: listed } = await registry.call("GET", `${path}?durable=${consumer}&limit=1`, operator);
    const one = `${path}/${consumer}/${String(listed.items?.[0]?.["seq"])}`;
    expect(listed.items).toMatchObject([
      { eventId: "given-up", reason: "Error: the database was full", deliveries: 8 },
    ]);
    const replayed = await registry.call("POST", `${one}/replay`, operator);
    expect([replayed.status, replayed.body]).toEqual([200, { outcome: "handled" }]);
    expect((await list(`?search=${orgId}`)).body.items).toMatchObject([{ seats: 7 }]);
    expect((await registry.call("POST", `${one}/replay`, operator)).status).toBe(404);
    expect(await auditOf("dead_letter.replayed")).toMatchObject([
      { details: { outcome: "handled", eventId: "given-up" } },
    ]);
  });

  test("is nobody else's to see", async () => {
    for (const as of [sessionOf("usr_admin"), { userId: "usr_operator" }]) {
      expect((await registry.call("GET", path, as)).status).toBe(403);
      expect((await registry.call("POST", `${path}/${consumer}/1/replay`, as)).status).toBe(403);
      expect((await registry.call("DELETE", `${path}/${consumer}/1`, as, { reason: "x" })).status).toBe(403);
    }
  });
});
