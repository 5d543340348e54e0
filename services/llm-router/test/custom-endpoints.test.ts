import { afterEach, describe, expect, test } from "@jest/globals";
import { Secret } from "@topdog/config/secret";
import { isPublicAddress } from "@topdog/config/public-address";
import { dialects } from "@topdog/dialects/dialects";
import { samplesOf } from "@topdog/testing/dialect-samples";
import { chatCompletion, type FakeUpstream, startFakeUpstream } from "@topdog/testing/fake-upstream";
import { guardedLookup, type Resolve } from "../src/clients/provider-http/guarded-lookup.ts";
import { type CustomOptions, createCustomProvider } from "../src/clients/providers/custom/provider.ts";
import type { AttemptOutcome } from "../src/clients/providers/provider.ts";
import { callerOf, startVault } from "./byok-rig.ts";
import { chatBody } from "./router-rig.ts";
import { errorOf, healthy, useRouters } from "./router-setting.ts";

const { nats, upstream, router } = useRouters();
const chat = dialects.find(({ id }) => id === "openai-chat")!;
const timeouts = { firstContentTimeoutMs: 2000, interChunkTimeoutMs: 2000, totalTimeoutMs: 9000 };
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function endpoint(script: Parameters<typeof startFakeUpstream>[0]): Promise<FakeUpstream> {
  const fake = await startFakeUpstream(script);
  open.push(() => fake.close());
  return fake;
}

async function ask(credential: string, more: Partial<CustomOptions> = {}): Promise<AttemptOutcome> {
  const provider = createCustomProvider({
    maxConnections: 4,
    connectTimeoutMs: 1000,
    mayConnectTo: () => true,
    schemes: ["http:", "https:"],
    ...more,
  });
  const request = chat.readRequest(Buffer.from(JSON.stringify(samplesOf(chat).request(false))));
  const call = { format: chat, request, requestId: "r", headers: [], ...timeouts };
  const outcome = await provider.open(call, Secret.of(credential)).outcome;
  await provider.close();
  return outcome;
}

const answering = () => endpoint(() => ({ body: chatCompletion("hello") }));
const portOf = ({ url }: FakeUpstream): string => new URL(url).port;

describe("an endpoint of a caller's own", () => {
  test("is called where its credential says, with the key that stands there and none in its address", async () => {
    const fake = await answering();
    expect((await ask(`http://sk-mine@localhost:${portOf(fake)}/api/v1`)).kind).toBe("answer");
    expect(fake.requests[0]).toMatchObject({ path: "/api/v1/chat/completions" });
    expect(fake.requests[0]!.headers).toMatchObject({
      authorization: "Bearer sk-mine",
      host: `localhost:${portOf(fake)}`,
    });
    expect((await ask(`http://localhost:${portOf(fake)}/v1`)).kind).toBe("answer");
    expect(fake.requests[1]!.headers["authorization"]).toBeUndefined();
  });

  test("that is beside us is never connected to, by whatever name or spelling", async () => {
    const fake = await answering();
    const port = portOf(fake);
    for (const host of ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]) {
      const outcome = await ask(`http://sk-mine-1@${host}:${port}/v1`, { mayConnectTo: isPublicAddress });
      expect(["failure", "uncarried"]).toContain(outcome.kind);
      expect(JSON.stringify(outcome)).not.toContain("sk-mine");
    }
    expect(fake.requests).toHaveLength(0);
  });

  test.each([
    "not an address",
    "sk-1234567890",
    "ftp://key@host/v1",
    "http://u:p@localhost/v1",
    "http://localhost/v1?x=1",
  ])("%s is none, and the caller is told", async (credential) => {
    expect(await ask(credential)).toMatchObject({ kind: "uncarried", refusal: { param: "model" } });
  });

  test("is not left by a redirect", async () => {
    const other = await answering();
    const fake = await endpoint(() => ({ status: 307, headers: { location: `${other.url}/v1` }, body: {} }));
    expect(await ask(`${fake.url}/v1`)).toMatchObject({ kind: "failure", failure: { kind: "redirect" } });
    expect(other.requests).toHaveLength(0);
  });
});

describe("a name that is resolved", () => {
  const lookUp = (resolve: Resolve, all: boolean) =>
    new Promise((settle) => {
      guardedLookup(isPublicAddress, resolve)("a.test", { all }, (error, address) => settle(error ?? address));
    });

  test("is resolved once for the check and the connection, and to public addresses alone", async () => {
    let asked = 0;
    // What it points to changes with each question: the second answer is the trap.
    const rebinding: Resolve = (_name, _options, done) => {
      asked += 1;
      done(null, [{ address: asked === 1 ? "93.184.215.14" : "127.0.0.1", family: 4 }]);
    };
    expect(await lookUp(rebinding, false)).toBe("93.184.215.14");
    expect(asked).toBe(1);
    expect(await lookUp(rebinding, false)).toBeInstanceOf(Error);
    const mixed: Resolve = (_name, _options, done) =>
      done(null, [
        { address: "10.0.0.1", family: 4 },
        { address: "1.1.1.1", family: 4 },
      ]);
    expect(await lookUp(mixed, true)).toEqual([{ address: "1.1.1.1", family: 4 }]);
  });

  test("that nobody knows stays an error", async () => {
    const unknown: Resolve = (_name, _options, done) => done(Object.assign(new Error("no"), { code: "ENOTFOUND" }), []);
    expect(await lookUp(unknown, true)).toMatchObject({ code: "ENOTFOUND" });
  });
});

test("a router serves it to its owner alone, by the names that the credential is restricted to, and never over http", async () => {
  const vault = await startVault(await nats().busOf("org-registry"));
  open.push(() => vault.stop());
  const fake = await answering();
  const rig = await router([await upstream(healthy)]);
  const allowedModels = ["my-llama"];
  await vault.add("user:usr_1", "custom", `http://key@localhost:${portOf(fake)}/v1`, { allowedModels });
  await vault.add("user:usr_2", "custom", "https://key@localhost:1/v1", { allowedModels });
  await vault.add("user:usr_3", "custom", "https://key@localhost:1/v1");
  const call = (userId: string) =>
    rig.call(chatBody({ model: "my-llama" }), { principal: callerOf(userId, [`user:${userId}`]) });
  const plain = await call("usr_1");
  expect([plain.status, errorOf(plain.text).param]).toEqual([400, "model"]);
  const inside = await call("usr_2");
  expect([inside.status, errorOf(inside.text).code]).toEqual([502, "upstream_unavailable"]);
  for (const nobody of ["usr_3", "usr_4"]) expect((await call(nobody)).status).toBe(404);
  // Their failures are theirs: the same endpoint is asked again, and no breaker has opened.
  for (let index = 0; index < 6; index += 1) expect((await call("usr_2")).status).toBe(502);
  expect(fake.requests).toHaveLength(0);
});
