import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { serviceNames } from "@topdog/contracts/services";
import { signInAsDemo } from "@topdog/local-stack/sign-in";
import { startOidcProvider, type TestOidcProvider } from "@topdog/testing/oidc-provider";
import { Client } from "pg";
import { Pool, request } from "undici";
import { firstSight } from "../support/eventually.ts";
import { filesWith, holdsAny, processesWith } from "../support/find-text.ts";
import { startPlatform, type Platform } from "../support/platform.ts";
import { rawCall, type RawAnswer } from "../support/raw-call.ts";
import { startTraceCollector, type TraceCollector } from "../support/trace-collector.ts";

/** Where services believe to be reached; nobody is. */
const site = "http://127.0.0.1:8080";
let provider: TestOidcProvider;
let collector: TraceCollector;
let platform: Platform;
let client: Pool;
let person: Record<string, string>;
/** All that any caller was told. */
const told: string[] = [];
const canaries: string[] = [];

beforeAll(async () => {
  collector = await startTraceCollector();
  provider = await startOidcProvider(site);
  platform = await startPlatform({
    fastProviders: true,
    everyService: { LOG_LEVEL: "trace", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    settings: { "org-registry": { ...provider.env, PUBLIC_URL: site } },
  });
  client = new Pool(platform.gatewayUrl, { connections: 2 });
  person = await signInAsDemo(client, platform.gatewayUrl, platform.demo.password ?? "");
}, 180_000);
afterAll(async () => {
  await client.destroy();
  await platform.stop();
  await collector.stop();
  await provider.stop();
});

function canary(): string {
  const key = `sk-canary-${canaries.length}-zq8Wv3Kx7Lp2Rt9`;
  canaries.push(key);
  return key;
}

async function ask(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<RawAnswer> {
  const answer = await rawCall(platform, path, {
    method,
    headers: { ...person, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  told.push(answer.text, JSON.stringify(answer.headers));
  return answer;
}

async function chat(body: object = {}): Promise<RawAnswer> {
  const answer = await rawCall(platform, "/v1/chat/completions", {
    headers: { authorization: `Bearer ${platform.demo.userKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "sandbox-small", messages: [{ role: "user", content: "hi" }], ...body }),
  });
  told.push(answer.text, JSON.stringify(answer.headers));
  return answer;
}

const add = (more: object = {}): Promise<RawAnswer> =>
  ask("POST", "/api/byok", { provider: "sandbox", key: canary(), ...more });
const idOf = ({ json }: RawAnswer): string => (json as { id: string }).id;
const shown = ({ headers }: RawAnswer) => [
  headers["x-byok-scope"],
  headers["x-byok-used"],
  headers["x-byok-capacity"],
  headers["x-topdog-credential"],
];
const faultBoth = async (fault: object | null): Promise<void> => {
  for (const sandbox of [0, 1]) await platform.setFault(sandbox, fault as Record<string, unknown> | null);
};

const trueWithinMs = 2_000;
/** Asks until the headers say so: from now, when the change was answered, within two seconds, and on a busy machine one slowest answer more. */
async function saysSoon(headers: string): Promise<void> {
  const answeredMs = performance.now();
  const { askedMs, slowestMs } = await firstSight(chat, (answer) => shown(answer).join() === headers);
  expect(askedMs - answeredMs).toBeLessThan(trueWithinMs + slowestMs);
}

test("a person's own key serves their calls as soon as it is added and until it is revoked; headers tell the true state within 2 s", async () => {
  await chat();
  const added = await add({ label: "mine" });
  expect([added.status, added.json]).toEqual([201, expect.objectContaining({ status: "valid", state: "active" })]);
  await saysSoon("user,1,3,user");
  const rotated = await ask("POST", `/api/byok/${idOf(added)}/rotate`, { key: canary() });
  expect(rotated.json).toMatchObject({ version: 2, status: "valid" });
  await chat({ stream: true });
  const gone = await ask("DELETE", `/api/byok/${idOf(added)}`, { reason: "trial is over" });
  expect(gone.status).toBe(204);
  await saysSoon("user,0,3,");
});

test("canary keys that went through every success and every failure stand nowhere in the clear", async () => {
  const held = await add();
  for (const label of ["second", "third"]) expect((await add({ label })).status).toBe(201);
  expect((await add()).status).toBe(403);
  for (const wrong of [
    { provider: "no such" },
    { provider: "nobody" },
    { label: "a\u0000b" },
    { key: `${canary()} x` },
    { extra: canary() },
  ]) {
    expect((await add(wrong)).status).toBeGreaterThanOrEqual(400);
  }
  await rawCall(platform, "/api/byok", {
    headers: { ...person, "content-type": "application/json" },
    body: `{"provider":"sandbox","key":"${canary()}"`,
  });
  await rawCall(platform, `/api/byok/${canary()}`, { headers: person, method: "GET" });
  expect((await ask("POST", `/api/byok/${idOf(held)}/rotate`, { key: canary() })).status).toBe(200);
  expect((await ask("PATCH", `/api/byok/${idOf(held)}`, { order: 7, allowedModels: ["sandbox-small"] })).status).toBe(
    200,
  );
  for (const fault of [{ status: 500 }, { status: 401 }, { status: 429, retryAfterSeconds: 1 }, { status: 400 }]) {
    await faultBoth(fault);
    await chat();
    await chat({ stream: true });
    await add();
  }
  await faultBoth(null);
  await chat({ stream: true });
  await ask("GET", "/api/byok");
  await ask("DELETE", `/api/byok/${idOf(held)}`, { reason: "over" });
  await ask("DELETE", `/api/byok/${idOf(held)}`, { reason: "twice" });

  for (const service of serviceNames) {
    told.push(await (await request(`${platform.opsUrl(service)}/metrics`)).body.text());
  }
  expect(holdsAny(Buffer.from(told.join("\n")), canaries)).toBe(false);
  expect(collector.spans().length).toBeGreaterThan(0);
  expect(holdsAny(collector.received(), canaries)).toBe(false);
  expect(processesWith(canaries)).toEqual([]);
  await flushStorage();
  const folder = dirname(platform.logDir);
  expect(filesWith(folder, canaries)).toEqual([]);
  // The search finds what is there.
  expect(filesWith(folder, ["trial is over"])).not.toEqual([]);
}, 60_000);

/** What is in memory goes to the files, which are looked at next: tables, WAL, streams of the bus, spool, logs, mails. */
async function flushStorage(): Promise<void> {
  const database = new Client({ connectionString: platform.quotaDatabaseUrl });
  await database.connect();
  await database.query("checkpoint");
  await database.end();
}

interface Begun {
  readonly cookie: string;
  readonly answer: Readonly<Record<string, string>>;
}

/** Begins, and comes back from the provider; what is secret of it is put beside the others. */
async function beginAtProvider(secrets: string[]): Promise<Begun> {
  const headers = { "content-type": "application/json" };
  const begun = await rawCall(platform, "/api/auth/oidc/start", { headers, body: "{}" });
  const [cookie = ""] = String(begun.headers["set-cookie"]).split(";", 1);
  const back = await provider.visit((begun.json as { url: string }).url, "canary");
  const answer = { authorizationCode: back.get("code") ?? "", state: back.get("state") ?? "", issuer: provider.issuer };
  secrets.push(cookie.split("=")[1] ?? "", answer.authorizationCode);
  told.push(begun.text);
  // As the browser comes to the page.
  await rawCall(platform, `/oidc?${back.toString()}`, {});
  return { cookie, answer };
}

async function endSignIn({ cookie, answer }: Begun, more: object = {}): Promise<number> {
  const headers = { "content-type": "application/json", cookie };
  const body = JSON.stringify({ ...answer, ...more });
  const ended = await rawCall(platform, "/api/auth/oidc/sign-in", { headers, body });
  told.push(ended.text);
  return ended.status;
}

test("secrets of a sign-in by a provider, that went well or did not, stand nowhere in the clear", async () => {
  const secrets: string[] = [provider.clientSecret];
  provider.people.set("canary", { email: "canary@kennel.example", isVerified: false });
  expect(await endSignIn(await beginAtProvider(secrets))).toBe(401);
  provider.people.set("canary", { email: "canary@kennel.example" });
  const good = await beginAtProvider(secrets);
  for (const wrong of [{ state: "x" }, { issuer: "https://evil.example" }, { extra: 1 }, { code: "000000" }])
    await endSignIn(await beginAtProvider(secrets), wrong);
  expect(await endSignIn(good)).toBe(200);
  expect(await endSignIn(good)).toBe(401);
  const late = await beginAtProvider(secrets);
  provider.isAway = true;
  expect(await endSignIn(late)).toBe(503);
  provider.isAway = false;
  secrets.push(...provider.given);
  expect(provider.given.length).toBeGreaterThanOrEqual(4);

  for (const service of serviceNames) {
    told.push(await (await request(`${platform.opsUrl(service)}/metrics`)).body.text());
  }
  expect(holdsAny(Buffer.from(told.join("\n")), secrets)).toBe(false);
  expect(holdsAny(collector.received(), secrets)).toBe(false);
  await flushStorage();
  const folder = dirname(platform.logDir);
  expect(filesWith(folder, secrets)).toEqual([]);
  // The search finds what is there.
  expect(filesWith(folder, ["canary@kennel.example"])).not.toEqual([]);
}, 60_000);
