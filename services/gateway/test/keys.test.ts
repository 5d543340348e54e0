import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiKeyChanged, apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { byokSettingsChanged, credentialAdded } from "@topdog/contracts/events/credential-events";
import { memberChanged, orgRulesChanged } from "@topdog/contracts/events/org-events";
import { publishEvent } from "@topdog/messaging/publish";
import { eventually } from "@topdog/testing/eventually";
import { chatBody, errorOf, startPlatform, type Gateway, type Platform, type TestKey } from "./platform.ts";
import { sendRaw } from "./raw-http.ts";

let platform: Platform;
let gateways: Gateway[];

beforeAll(async () => {
  platform = await startPlatform();
  // No entry expires during the test: a refused key was revoked.
  const settings = { PRINCIPAL_TTL_MS: "600000" };
  gateways = [await platform.startGateway(settings), await platform.startGateway(settings)];
});
afterAll(() => platform.stop());

async function revoke({ keyHash, principal }: TestKey): Promise<void> {
  platform.keys.delete(keyHash);
  const { keyId, userId, orgId } = principal;
  const fact = { keyId, keyHash, userId, orgId, at: new Date().toISOString() };
  await publishEvent(await platform.nats.busOf("org-registry"), apiKeyRevoked, fact, { id: `revoke-${keyId}` });
}

const models = { method: "GET", path: "/v1/models" } as const;

test("a known key costs no lookup, and concurrent first calls of a key share one", async () => {
  const { key } = platform.newKey();
  const [gateway] = gateways as [Gateway];
  const before = platform.resolves();
  await Promise.all(Array.from({ length: 20 }, () => gateway.call(key, models)));
  await gateway.call(key, models);
  expect(platform.resolves() - before).toBe(1);
});

test("the use of a key is told, once for many calls, and that of a key that was refused is not", async () => {
  const [gateway] = gateways as [Gateway];
  const [used, refused] = [platform.newKey(), platform.newKey({ scopes: ["account"] })];
  for (const { key } of [used, refused, used, used]) await gateway.call(key, models);
  const told = ({ principal: { keyId } }: TestKey) => platform.keyUses.filter((use) => use.keyId === keyId).length;
  await eventually(() => expect(told(used)).toBe(1));
  expect(told(refused)).toBe(0);
});

test("a made-up key costs no lookup: its checksum is wrong", async () => {
  const [gateway] = gateways as [Gateway];
  const before = platform.resolves();
  const madeUp = Array.from({ length: 20 }, () => `td_${randomBytes(36).toString("hex").slice(0, 49)}`);
  for (const key of madeUp) expect((await gateway.call(key, models)).status).toBe(401);
  expect(platform.resolves() - before).toBe(0);
});

test("a revoked key is refused by every gateway once its revocation is heard, long before its entry expires", async () => {
  const mine = platform.newKey({ apiCalls: 100_000 });
  for (const gateway of gateways) expect((await gateway.call(mine.key, models)).status).toBe(200);
  await revoke(mine);
  for (const gateway of gateways) {
    await eventually(async () => expect((await gateway.call(mine.key, models)).status).toBe(401));
  }
});

test("a revocation beats the answer of a lookup that was asked before it", async () => {
  const mine = platform.newKey();
  const [gateway] = gateways as [Gateway];
  const known = platform.newKey();
  expect((await gateway.call(known.key, models)).status).toBe(200);
  const asked = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<void>();
  platform.onResolve = () => {
    platform.onResolve = async () => undefined;
    asked.resolve();
    return heard.promise;
  };
  const call = gateway.call(mine.key, models);
  await asked.promise;
  await revoke(mine);
  // Broadcasts keep their order: when the second is heard, so was the first.
  await revoke(known);
  await eventually(async () => expect((await gateway.call(known.key, models)).status).toBe(401));
  heard.resolve();
  const answer = await call;
  expect([answer.status, errorOf(answer).code]).toEqual([401, "invalid_api_key"]);
  expect((await gateway.call(mine.key, models)).status).toBe(401);
});

test("a key that is revoked during its upload is refused at its end, without a lookup and without a token", async () => {
  const mine = platform.newKey();
  const [gateway] = gateways as [Gateway];
  expect((await gateway.call(mine.key, { method: "GET", path: "/v1/responses/resp_1" })).status).toBe(200);
  await eventually(() => expect(platform.quota.used(mine.principal.buckets.personal, "api_calls")).toBe(1));
  const upload = sendRaw(
    gateway.port,
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${mine.key}\r\ncontent-length: ${chatBody.length}\r\nexpect: 100-continue\r\n\r\n`,
  );
  await eventually(() => expect(upload.text()).toContain("100 Continue"));
  const before = platform.resolves();
  await revoke(mine);
  await eventually(async () => expect((await gateway.call(mine.key, models)).status).toBe(401));
  upload.socket.write(chatBody);
  await eventually(() => expect(upload.text()).toContain("invalid_api_key"));
  upload.socket.destroy();
  expect(platform.resolves() - before).toBe(0);
  const reached = platform.router.seen.filter(({ principal }) => principal.keyId === mine.principal.keyId);
  expect(reached.map(({ endpoint }) => endpoint)).not.toContain("chat.completions");
});

test("a key that is changed is asked about before it is served again: what it lost is refused at once", async () => {
  const mine = platform.newKey();
  for (const gateway of gateways) expect((await gateway.call(mine.key, models)).status).toBe(200);
  platform.keys.set(mine.keyHash, { ...mine.principal, scopes: ["usage:read"] });
  const { keyId, userId, orgId } = mine.principal;
  const fact = { keyId, keyHash: mine.keyHash, userId, orgId, at: new Date().toISOString() };
  await publishEvent(await platform.nats.busOf("org-registry"), apiKeyChanged, fact, { id: `change-${keyId}` });
  for (const gateway of gateways) {
    await eventually(async () => expect((await gateway.call(mine.key, models)).status).toBe(403));
  }
});

test("a change of one member asks again about that member's keys alone", async () => {
  const [gateway] = gateways as [Gateway];
  const mine = platform.newKey({ org: "org_n" });
  const others = [platform.newKey({ org: "org_n" }), platform.newKey()];
  for (const { key } of [mine, ...others]) expect((await gateway.call(key, models)).status).toBe(200);
  const before = platform.resolves();
  const at = new Date().toISOString();
  const { userId } = mine.principal;
  const change = {
    orgId: "org_n",
    userId,
    role: "admin" as const,
    changedAt: at,
    version: 1,
    active: true,
    removed: false,
  };
  await publishEvent(await platform.nats.busOf("org-registry"), memberChanged, change, { id: "n1" });
  await eventually(async () => {
    expect((await gateway.call(mine.key, models)).status).toBe(200);
    expect(platform.resolves() - before).toBe(1);
  });
  for (const { key } of others) expect((await gateway.call(key, models)).status).toBe(200);
  expect(platform.resolves() - before).toBe(1);
});

test("X-BYOK-* tells what is true once a credential or the plan's slots changed, to each key of the tenant", async () => {
  const [gateway] = gateways as [Gateway];
  const mine = platform.newKey({ org: "org_byok" });
  const tenant = "org:org_byok";
  const told = async (): Promise<unknown[]> => {
    const { headers } = await gateway.call(mine.key, models);
    return [headers["x-byok-scope"], headers["x-byok-used"], headers["x-byok-capacity"]];
  };
  const registry = await platform.nats.busOf("org-registry");
  const at = new Date().toISOString();
  expect(await told()).toEqual(["org", "1", "3"]);
  platform.keys.set(mine.keyHash, {
    ...mine.principal,
    byok: { scope: "org", used: 2, capacity: 3, tenants: [tenant] },
  });
  const fact = { credentialId: "cred_1", tenant, provider: "openai", version: 1, at };
  await publishEvent(registry, credentialAdded, fact, { id: "b1" });
  await eventually(async () => expect(await told()).toEqual(["org", "2", "3"]));
  const { principal } = platform.router.seen.findLast((call) => call.principal.keyId === mine.principal.keyId)!;
  expect(principal.byok.tenants).toEqual([tenant]);
  platform.keys.set(mine.keyHash, {
    ...mine.principal,
    byok: { scope: "org", used: 2, capacity: 18, tenants: [tenant] },
  });
  await publishEvent(registry, byokSettingsChanged, { tenant, capacity: 18, fallback: false, at }, { id: "b2" });
  await eventually(async () => expect(await told()).toEqual(["org", "2", "18"]));
});

test("what an org chose for its calls reaches the router with the next call of every gateway once it is announced", async () => {
  const mine = platform.newKey({ org: "org_rules" });
  const modelRules = { allowedModels: null, deniedModels: ["gpt-5"], allowedProviders: null, deniedProviders: null };
  const toldBy = async (gateway: Gateway): Promise<unknown> => {
    await gateway.call(mine.key, models);
    return platform.router.seen.findLast((call) => call.principal.keyId === mine.principal.keyId)?.principal.modelRules;
  };
  for (const gateway of gateways) expect(await toldBy(gateway)).toBeUndefined();
  platform.keys.set(mine.keyHash, { ...mine.principal, modelRules });
  const registry = await platform.nats.busOf("org-registry");
  await publishEvent(registry, orgRulesChanged, { orgId: "org_rules", at: new Date().toISOString() }, { id: "rules" });
  for (const gateway of gateways) await eventually(async () => expect(await toldBy(gateway)).toEqual(modelRules));
});

test("a member without a seat is refused at once, and served again when the seat is back", async () => {
  const mine = platform.newKey({ org: "org_m" });
  const [gateway] = gateways as [Gateway];
  expect((await gateway.call(mine.key, models)).status).toBe(200);
  const change = {
    orgId: "org_m",
    userId: mine.principal.userId,
    role: "member" as const,
    changedAt: new Date().toISOString(),
  };
  platform.keys.delete(mine.keyHash);
  await publishEvent(
    await platform.nats.busOf("org-registry"),
    memberChanged,
    { ...change, version: 1, active: false, removed: false },
    { id: "m1" },
  );
  await eventually(async () => expect((await gateway.call(mine.key, models)).status).toBe(401));
  platform.keys.set(mine.keyHash, mine.principal);
  await publishEvent(
    await platform.nats.busOf("org-registry"),
    memberChanged,
    { ...change, version: 2, active: true, removed: false },
    { id: "m2" },
  );
  await eventually(async () => expect((await gateway.call(mine.key, models)).status).toBe(200));
});

test("a known key is served while org-registry and the bus are away, though its entry is no longer fresh; after they are back a key that was revoked meanwhile is refused", async () => {
  const own = await startPlatform();
  try {
    const gateway = await own.startGateway({ PRINCIPAL_TTL_MS: "1" });
    const [kept, lost] = [own.newKey(), own.newKey()];
    const call = async ({ key }: TestKey): Promise<number> => (await gateway.call(key, models)).status;
    for (const one of [kept, lost]) for (let n = 0; n < 4; n += 1) expect(await call(one)).toBe(200);
    await own.nats.kill9();
    for (const one of [kept, lost]) expect(await call(one)).toBe(200);
    own.keys.delete(lost.keyHash);
    await own.nats.restart();
    await eventually(async () => expect(await call(lost)).toBe(401));
    await eventually(async () => expect(await call(kept)).toBe(200));
  } finally {
    await own.stop();
  }
});
