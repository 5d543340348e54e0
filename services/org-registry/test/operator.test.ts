import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sessionOf } from "@topdog/testing/account-call";
import { usageOf } from "@topdog/testing/usage";
import { countUsage } from "../src/usecases/count-usage.ts";
import { someOrg } from "./arrange.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

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
  await countUsage(registry.db, [
    usageOf([{ meter: "api_calls", leaseId: "9", seq: 1 }], { orgId, userId: owner, day }),
  ]);
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
