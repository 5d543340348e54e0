import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { orgRulesChanged } from "@topdog/contracts/events/org-events";
import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import { callRpc } from "@topdog/messaging/rpc";
import { sessionOf } from "@topdog/testing/account-call";
import { hashKey } from "../src/store/key-material.ts";
import { createKeyAsOperator } from "../src/usecases/create-key.ts";
import { createServiceAccount } from "../src/usecases/manage-service-accounts.ts";
import { signedIn, someOrg } from "./arrange.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const none = { allowedModels: null, deniedModels: null, allowedProviders: null, deniedProviders: null };
const chosen = { ...none, allowedModels: ["gpt-5", "claude-sonnet-5"], deniedProviders: ["deepseek"] };
const pathOf = (orgId: string): string => `/api/orgs/${orgId}/model-rules`;
const choose = (orgId: string, userId: string, rules: object) =>
  registry.call("PUT", pathOf(orgId), sessionOf(userId), rules);
async function rulesOf(key: string): Promise<unknown> {
  const bus = await registry.nats.busOf("gateway");
  const { principal } = await callRpc(bus, resolvePrincipal, { keyHash: hashKey(key) }, { timeoutMs: 30_000 });
  return principal?.modelRules;
}
const announced = async (orgId: string): Promise<number> => {
  const { rows } = await registry.db.raw<{ rows: unknown[] }>(
    "select 1 from outbox where subject = ? and payload like ?",
    [orgRulesChanged.subject, `%${orgId}%`],
  );
  return rows.length;
};

test("an org's rules reach the principal of every key of the org, and of no other", async () => {
  const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
  const [member = ""] = members;
  const { id: account } = await createServiceAccount(registry.deps, signedIn(owner), { orgId, name: "ci" });
  const inOrg = await createKeyAsOperator(registry.deps, { userId: member, orgId, name: "org's" });
  const own = await createKeyAsOperator(registry.deps, { userId: member, orgId: null, name: "own" });
  const created = await registry.call("POST", "/api/keys", sessionOf(owner), {
    name: "ci",
    orgId,
    serviceAccountId: account,
  });
  const accounts = String(created.body["key"]);
  expect([await rulesOf(inOrg.key), (await registry.call("GET", pathOf(orgId), { userId: member })).body]).toEqual([
    undefined,
    none,
  ]);
  expect((await choose(orgId, owner, chosen)).body).toEqual(chosen);
  expect([await rulesOf(inOrg.key), await rulesOf(accounts), await rulesOf(own.key)]).toEqual([
    chosen,
    chosen,
    undefined,
  ]);
  expect((await registry.call("GET", pathOf(orgId), { userId: member })).body).toEqual(chosen);
  expect((await choose(orgId, owner, none)).status).toBe(200);
  expect(await rulesOf(inOrg.key)).toBeUndefined();
});

test("owner and admins choose them, which is audited and announced once; the same again changes nothing", async () => {
  const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
  const [member = ""] = members;
  const foreign = await someOrg(registry.deps, { members: 0, seats: 3 });
  expect((await choose(orgId, member, chosen)).body).toMatchObject({ code: "forbidden" });
  expect((await choose(orgId, foreign.owner, chosen)).status).toBe(404);
  expect((await registry.call("GET", pathOf(orgId), { userId: foreign.owner })).status).toBe(404);
  for (const wrong of [{}, { ...chosen, allowedModels: [] }, { ...chosen, deniedProviders: ["A B"] }])
    expect((await choose(orgId, owner, wrong)).status).toBe(400);
  expect(await announced(orgId)).toBe(0);
  for (let time = 0; time < 2; time += 1) expect((await choose(orgId, owner, chosen)).status).toBe(200);
  expect(await announced(orgId)).toBe(1);
  const audit = await registry.call("GET", `/api/orgs/${orgId}/audit`, sessionOf(owner));
  const entries = audit.body.items?.filter((one) => one["action"] === "org.model_rules_changed");
  expect(entries).toMatchObject([
    {
      before: { allowedModels: null, deniedProviders: null },
      after: { allowedModels: "gpt-5, claude-sonnet-5", deniedProviders: "deepseek" },
    },
  ]);
});
