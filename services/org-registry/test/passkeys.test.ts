import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Answer, sessionOf } from "@topdog/testing/account-call";
import type { Visitor } from "@topdog/contracts/account-call";
import { verifyAuditChain } from "../src/store/audit-verification.ts";
import { someUser } from "./arrange.ts";
import { type Ceremony, createAuthenticator } from "./soft-authenticator.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

const site = "https://topdog.example";
let registry: Registry;
let skewMs = 0;
beforeAll(async () => {
  registry = await startRegistry({ PUBLIC_URL: site }, { nowMs: () => Date.now() + skewMs });
});
afterAll(() => registry.stop());

const authenticator = () => createAuthenticator("topdog.example", site);
type Authenticator = ReturnType<typeof authenticator>;
let addresses = 0;
const visitor = (): Visitor => ({ kind: "visitor", address: `192.0.2.${(addresses += 1)}`, userAgent: "a browser" });
const ask = (userId: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  registry.call(method, `/api/auth/passkeys${path}`, sessionOf(userId), body);
const challengeOf = ({ status, body }: Answer): string => {
  expect(status).toBe(200);
  return (body["publicKey"] as { challenge: string }).challenge;
};
const add = async (userId: string, device: Authenticator, more: Partial<Ceremony> = {}): Promise<Answer> => {
  const challenge = challengeOf(await ask(userId, "POST", "/options"));
  return ask(userId, "POST", "", { name: "laptop", credential: device.create({ challenge, ...more }) });
};
const newChallenge = async (): Promise<string> =>
  challengeOf(await registry.call("POST", "/api/auth/passkey-sign-in/options", visitor()));
const show = (credential: object): Promise<Answer> =>
  registry.call("POST", "/api/auth/passkey-sign-in", visitor(), { credential });
const signIn = async (device: Authenticator, more: Partial<Ceremony> = {}): Promise<Answer> =>
  show(device.get({ challenge: await newChallenge(), counter: 2, ...more }));
const outcome = ({ status, body }: Answer): unknown[] => [status, body["code"]];
const refused = [401, "passkey_refused"];

test("a passkey is added, signs its owner in with two factors, is listed, and signs nobody in once it is removed", async () => {
  const [userId, device] = [await someUser(registry.deps), authenticator()];
  const added = await add(userId, device);
  expect([added.status, added.body]).toMatchObject([201, { name: "laptop", lastUsedAt: null }]);
  const signedIn = await signIn(device);
  expect([signedIn.status, signedIn.body["userId"]]).toEqual([200, userId]);
  expect(signedIn.body["secondFactorAt"]).toEqual(expect.any(String));
  expect(signedIn.setCookies[0]).toMatch(/^__Host-topdog_session=[\w-]{43};/);
  const listed = await ask(userId, "GET", "");
  expect(listed.body.items).toEqual([{ ...added.body, lastUsedAt: expect.any(String) }]);
  const path = `/${String(added.body["id"])}`;
  expect((await ask(await someUser(registry.deps), "DELETE", path)).status).toBe(404);
  // It is the only way in.
  expect(outcome(await ask(userId, "DELETE", path))).toEqual([409, "conflict"]);
  await registry.db("password").insert({ user_id: userId, hash: "x".repeat(30), changed_at: new Date() });
  expect((await ask(userId, "DELETE", path)).status).toBe(204);
  expect(outcome(await signIn(device, { counter: 3 }))).toEqual(refused);
  const { rows } = await registry.db.raw<{ rows: { action: string }[] }>(
    "select action from audit_log where chain = ? and action like 'passkey.%' order by seq",
    [`user:${userId}`],
  );
  expect(rows.map(({ action }) => action)).toEqual(["passkey.added", "passkey.removed"]);
  expect((await verifyAuditChain(registry.db, `user:${userId}`)).brokenAtSeq).toBeNull();
});

test("an answer counts once, for its own challenge, site and person, verified, and before it is too old", async () => {
  const [userId, device] = [await someUser(registry.deps), authenticator()];
  expect(outcome(await add(userId, device, { origin: "https://evil.example" }))).toEqual(refused);
  expect(outcome(await add(userId, device, { isVerified: false }))).toEqual(refused);
  expect(outcome(await add(userId, device, { challenge: "bm90IG91cnM" }))).toEqual(refused);
  const ofAnother = challengeOf(await ask(await someUser(registry.deps), "POST", "/options"));
  expect(outcome(await add(userId, device, { challenge: ofAnother }))).toEqual(refused);
  expect((await add(userId, device)).status).toBe(201);
  expect(outcome(await add(await someUser(registry.deps), device))).toEqual([409, "conflict"]);

  expect(outcome(await signIn(device, { origin: "https://evil.example" }))).toEqual(refused);
  expect(outcome(await signIn(device, { isVerified: false }))).toEqual(refused);
  expect(outcome(await signIn(device, { challenge: "bm90IG91cnM" }))).toEqual(refused);
  expect(outcome(await signIn(authenticator()))).toEqual(refused);
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  expect(outcome(await show(device.get({ challenge: await newChallenge(), counter: 2 }, other)))).toEqual(refused);
  const answer = device.get({ challenge: await newChallenge(), counter: 2 });
  const both = await Promise.all([show(answer), show(answer)]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
  expect(outcome(await show(answer))).toEqual(refused);
  // A copy of the authenticator counts from where it was copied.
  expect(outcome(await signIn(device, { counter: 2 }))).toEqual(refused);
  const late = device.get({ challenge: await newChallenge(), counter: 3 });
  skewMs = 6 * 60_000;
  expect(outcome(await show(late))).toEqual(refused);
  skewMs = 0;
});

test("a statement about the authenticator that may name certificates is refused unread", async () => {
  const [userId, device] = [await someUser(registry.deps), authenticator()];
  for (const format of ["android-key", "apple", "android-safetynet", "tpm", "fido-u2f"])
    expect(outcome(await add(userId, device, { format }))).toEqual(refused);
});

test("an answer whose challenge is no text, or whose id is not the authenticator's own, is refused as any other", async () => {
  const [userId, device] = [await someUser(registry.deps), authenticator()];
  for (const challenge of [7, null, undefined, {}, ["x"]])
    expect(outcome(await ask(userId, "POST", "", { name: "x", credential: device.create({ challenge }) }))).toEqual(
      refused,
    );
  for (const length of [0, 5, 2_000])
    expect(outcome(await add(userId, device, { writtenId: Buffer.alloc(length) }))).toEqual(refused);
  expect((await add(userId, device)).status).toBe(201);
  expect(outcome(await signIn(device, { challenge: 7 }))).toEqual(refused);
});

test("what is no credential is named, and a person has twenty passkeys at most, also when more come at once", async () => {
  const userId = await someUser(registry.deps);
  const wrong = await ask(userId, "POST", "", { name: "x", credential: { id: "a b", type: "password" } });
  expect(wrong.body).toMatchObject({ code: "invalid_request", detail: expect.stringContaining("credential.") });
  await registry.db.raw(
    `insert into passkey (id, user_id, credential_id, public_key, counter, name, created_at)
     select 'pky_' || n, ?, 'of' || n, 'k', 0, 'key', now() from generate_series(1, 18) as n`,
    [userId],
  );
  const challenges = await Promise.all(
    Array.from({ length: 4 }, async () => challengeOf(await ask(userId, "POST", "/options"))),
  );
  const answers = await Promise.all(
    challenges.map((challenge) =>
      ask(userId, "POST", "", { name: "more", credential: authenticator().create({ challenge }) }),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 201, 409, 409]);
  expect(outcome(await ask(userId, "POST", "/options"))).toEqual([409, "conflict"]);
});

test("a site that is reached by an address has no passkeys, and says so", async () => {
  const byAddress = await startRegistry();
  const answer = await byAddress.call("POST", "/api/auth/passkey-sign-in/options", visitor());
  await byAddress.stop();
  expect([outcome(answer), answer.body["detail"]]).toEqual([[409, "conflict"], expect.stringContaining("a name")]);
});
