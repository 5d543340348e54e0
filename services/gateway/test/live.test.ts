import { hash, randomBytes } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { apiKeyCreated } from "@topdog/contracts/events/api-key-events";
import { credentialAdded } from "@topdog/contracts/events/credential-events";
import { memberChanged } from "@topdog/contracts/events/org-events";
import { providerStateChanged } from "@topdog/contracts/events/provider-state-changed";
import { sessionRevoked } from "@topdog/contracts/events/session-revoked";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { resolveStanding, type Standing } from "@topdog/contracts/rpc/resolve-standing";
import { usageCounted } from "@topdog/contracts/signals/usage-counted";
import { publishEvent } from "@topdog/messaging/publish";
import { serveRpc } from "@topdog/messaging/rpc";
import { sendSignal } from "@topdog/messaging/signal";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { onThisMachine } from "@topdog/testing/machine";
import { type Gateway, type Platform, startPlatform } from "./platform.ts";

type Told = readonly [name: string, data: Record<string, unknown>];

interface Page {
  readonly status: number;
  readonly type: string | undefined;
  readonly told: Told[];
  readonly isOver: () => boolean;
  readonly leave: () => void;
}

let platform: Platform;
let gateway: Gateway;
let standings: { stop(): Promise<void> };
const members = new Map<string, NonNullable<Standing["member"]>>();
const today = "2026-11-26";
const at = "2026-11-26T10:00:00.000Z";
const keyHash = "0".repeat(64);

beforeAll(async () => {
  platform = await startPlatform();
  gateway = await platform.startGateway();
  const registry = await platform.nats.busOf("org-registry");
  standings = serveRpc(registry, resolveStanding, {
    maxInFlight: 16,
    logger: silentLogger(),
    handle: async ({ userId, orgId }) => ({ member: members.get(`${String(orgId)} ${userId}`) ?? null, byok: [] }),
  });
  await registry.nc.flush();
  members.set("acme ann", { role: "owner", active: true });
  members.set("acme bob", { role: "member", active: true });
});
afterAll(async () => {
  for (const page of pages) page.leave();
  await standings.stop();
  await platform.stop();
});

function signIn(userId: string, operator = false): { cookie: string; tokenHash: string } {
  const token = randomBytes(32).toString("base64url");
  const tokenHash = hash("sha256", token, "hex");
  platform.sessions.set(tokenHash, sessionOf(userId, { operator }));
  return { cookie: `topdog_session=${token}`, tokenHash };
}

const pages: Page[] = [];

/** A browser's EventSource, as far as it matters here. */
async function listen(path: string, headers: Record<string, string>, at = gateway): Promise<Page> {
  const sent = httpRequest(`${at.url}${path}`, { headers, agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve).on("error", reject).end();
  });
  const told: Told[] = [];
  let text = "";
  let isOver = false;
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (name !== undefined && data !== undefined) told.push([name, JSON.parse(data) as Record<string, unknown>]);
    }
  });
  response.on("close", () => (isOver = true));
  const { statusCode: status = 0, headers: received } = response;
  const page = { status, type: received["content-type"], told, isOver: () => isOver, leave: () => void sent.destroy() };
  pages.push(page);
  return page;
}
const open = async (userId: string, query = "", operator = false): Promise<Page & { tokenHash: string }> => {
  const { cookie, tokenHash } = signIn(userId, operator);
  const page = await listen(`/api/events${query}`, { cookie });
  await eventually(() => expect(page.told[0]?.[0]).toBe("ready"));
  return { ...page, tokenHash };
};
/** An event whose acknowledgement is late is published again, and then told again. */
const namesOf = ({ told }: Page): string[] =>
  told.filter((one, index) => !isDeepStrictEqual(one, told[index - 1])).map(([name]) => name);
let events = 0;
const id = (): string => `e${(events += 1)}`;

describe("a page of a person who is signed in", () => {
  test("hears of its person and its org, never of another tenant, and no secret or hash", async () => {
    const [ann, bob, eve] = [await open("ann", "?orgId=acme"), await open("bob", "?orgId=acme"), await open("eve")];
    const registry = await platform.nats.busOf("org-registry");
    const billing = await platform.nats.busOf("billing");
    const key = { keyId: "key_1", keyHash, at };
    await publishEvent(registry, apiKeyCreated, { ...key, userId: "ann", orgId: "acme" }, { id: id() });
    await publishEvent(registry, apiKeyCreated, { ...key, userId: "bob", orgId: null }, { id: id() });
    const credential = { credentialId: "cred_1", tenant: "org:acme", provider: "openai", version: 1, at };
    await publishEvent(registry, credentialAdded, credential, { id: id() });
    const subscription = {
      version: 2,
      plan: "teams",
      interval: "month",
      seats: 5,
      status: "active",
      changedAt: at,
    } as const;
    await publishEvent(billing, subscriptionUpdated, { owner: "org:acme", ...subscription }, { id: id() });
    await publishEvent(billing, subscriptionUpdated, { owner: "user:eve", ...subscription }, { id: id() });
    await eventually(() => expect(namesOf(eve)).toEqual(["ready", "subscription"]));
    await eventually(() => expect(namesOf(ann)).toEqual(["ready", "key", "credential", "subscription"]));
    // The org's key of another member, and its credentials, are for those who run it.
    await eventually(() => expect(namesOf(bob)).toEqual(["ready", "key", "subscription"]));
    expect(bob.told[1]).toEqual(["key", { orgId: null, keyId: "key_1", userId: "bob", change: "created" }]);
    expect(JSON.stringify([ann.told, bob.told, eve.told])).not.toContain(keyHash);
  });

  test("hears of today's figures of its own buckets, once a second at most and the newest last", async () => {
    const [bob, eve] = [await open("bob", "?orgId=acme"), await open("eve")];
    const quota = await platform.nats.busOf("quota");
    const tell = (owner: string, used: number) =>
      sendSignal(
        quota,
        usageCounted,
        { owner, day: today, meters: [{ meter: "api_calls", used, limit: 10 }], calls: 1 },
        owner,
      );
    const beganMs = performance.now();
    for (let used = 1; used <= 20; used += 1)
      for (const owner of ["seat:acme:bob", "seat:acme:ann", "user:ann"]) tell(owner, used);
    tell("org:acme", 7);
    tell("user:eve", 3);
    const figures = (page: Page) => page.told.filter(([name]) => name === "usage").map(([, data]) => data);
    await eventually(() => expect(figures(bob)).toHaveLength(3));
    expect(performance.now() - beganMs).toBeGreaterThan(900);
    const seat = { orgId: "acme", source: "personal", day: today, calls: 1 };
    expect(figures(bob)).toEqual(
      expect.arrayContaining([
        { ...seat, meters: [{ meter: "api_calls", used: 1, limit: 10, remaining: 9 }] },
        { ...seat, meters: [{ meter: "api_calls", used: 20, limit: 10, remaining: 0 }], calls: 19 },
        { ...seat, source: "org_pool", meters: [{ meter: "api_calls", used: 7, limit: 10, remaining: 3 }] },
      ]),
    );
    await eventually(() => expect(figures(eve)).toHaveLength(1));
    expect(figures(eve)).toMatchObject([{ orgId: null, meters: [{ used: 3 }] }]);
  });

  test("ends with its session, within 100 ms of the sign-out, and with the membership that it was opened by", async () => {
    const signedOut = [await open("ann"), await open("ann"), await open("ann")];
    const [removed, other] = [await open("bob", "?orgId=acme"), await open("ann", "?orgId=acme")];
    const registry = await platform.nats.busOf("org-registry");
    const tookMs: number[] = [];
    for (const page of signedOut) {
      const fact = { sessionId: "ses_1", tokenHash: page.tokenHash, userId: "ann", at };
      const { result, slowestMs } = await onThisMachine(platform.nats, async () => {
        const sentMs = performance.now();
        await publishEvent(registry, sessionRevoked, fact, { id: id() });
        await eventually(() => expect(page.isOver()).toBe(true), { intervalMs: 2 });
        return performance.now() - sentMs;
      });
      tookMs.push(result - 2 * slowestMs);
      expect(page.told.at(-1)).toEqual(["end", { reason: "session_ended" }]);
    }
    const change = {
      orgId: "acme",
      userId: "bob",
      version: 2,
      role: "member",
      active: false,
      removed: true,
      changedAt: at,
    } as const;
    await publishEvent(registry, memberChanged, change, { id: id() });
    await eventually(() => expect(removed.isOver()).toBe(true));
    expect(namesOf(removed)).toEqual(["ready", "member", "end"]);
    expect([other.isOver(), namesOf(other)]).toEqual([false, ["ready", "member"]]);
    // The median, beyond what this machine held them up for: it may be busy with something else.
    expect(tookMs.toSorted((a, b) => a - b)[1]).toBeLessThan(100);
  });

  test("hears of providers as an operator alone", async () => {
    const [operator, ann] = [await open("ops", "", true), await open("ann")];
    const change = { provider: "openai", modelFamily: "gpt", state: "open", routerId: "router-1", at } as const;
    await publishEvent(await platform.nats.busOf("llm-router"), providerStateChanged, change, { id: id() });
    await eventually(() => expect(operator.told.at(-1)).toEqual(["provider", change]));
    expect(namesOf(ann)).toEqual(["ready"]);
    const listed = async (page: string) =>
      gateway.call(null, { method: "GET", path: "/api/operator/providers", headers: { cookie: page } });
    expect(JSON.parse((await listed(signIn("ops", true).cookie)).text)).toEqual({ items: [change] });
    expect((await listed(signIn("ann").cookie)).status).toBe(403);
    await eventually(async () => {
      const status = JSON.parse((await gateway.call(null, { method: "GET", path: "/api/status" })).text) as object;
      expect(status).toMatchObject({
        parts: expect.arrayContaining([{ id: "providers", name: "Model providers", state: "degraded" }]),
      });
    });
  });

  test("is refused without a session, with a key, and for an org of others as for one that does not exist", async () => {
    const { key } = platform.newKey();
    const { cookie } = signIn("eve");
    expect((await listen("/api/events", {})).status).toBe(401);
    expect((await listen("/api/events", { authorization: `Bearer ${key}` })).status).toBe(403);
    expect((await listen("/api/events?orgId=acme", { cookie })).status).toBe(404);
    expect((await listen("/api/events?orgId=org_missing", { cookie })).status).toBe(404);
    expect((await listen("/api/events?orgid=acme", { cookie })).status).toBe(400);
  });

  test("is one of eight of its person at most, and makes room when it leaves", async () => {
    const { cookie } = signIn("many");
    const own: Page[] = [];
    for (let count = 0; count < 8; count += 1) own.push(await listen("/api/events", { cookie }));
    expect(own.map(({ status }) => status)).toEqual(own.map(() => 200));
    expect((await listen("/api/events", { cookie })).status).toBe(429);
    own[0]?.leave();
    await eventually(async () => expect((await listen("/api/events", { cookie })).status).toBe(200));
  });

  test("is told to listen again when the gateway stops, and when the bus was away", async () => {
    const stopping = await platform.startGateway();
    const { cookie } = signIn("ann");
    const page = await listen("/api/events", { cookie }, stopping);
    await eventually(() => expect(namesOf(page)).toEqual(["ready"]));
    await stopping.stop();
    expect(page.told.at(-1)).toEqual(["end", { reason: "draining" }]);
    const staying = await open("ann");
    await platform.nats.restart();
    await eventually(() => expect(staying.told.at(-1)).toEqual(["end", { reason: "resync" }]));
  });
});

test("how the platform is, is told to everybody, without a look at anybody for it", async () => {
  const before = platform.siblings.seen.length;
  const { status, text, headers } = await gateway.call(null, { method: "GET", path: "/api/status" });
  expect(status).toBe(200);
  expect(headers["cache-control"]).toBe("public, max-age=5");
  expect(JSON.parse(text)).toMatchObject({ state: expect.any(String), checkedAt: expect.any(String) });
  expect(platform.siblings.seen).toHaveLength(before);
});
