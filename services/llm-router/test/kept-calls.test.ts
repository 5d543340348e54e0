import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { memberChanged, orgUpdated } from "@topdog/contracts/events/org-events";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { publishEvent } from "@topdog/messaging/publish";
import { samplesOf } from "@topdog/testing/dialect-samples";
import { eventually } from "@topdog/testing/eventually";
import {
  chatCompletion,
  chatEvents,
  type FakeScript,
  type FakeUpstream,
  startFakeUpstream,
} from "@topdog/testing/fake-upstream";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { testDatabase, type TestDatabase } from "@topdog/testing/postgres";
import { type Answer, type CallOptions, chatBody, type RouterRig, startRouter } from "./router-rig.ts";
import { askedOf, callsTo, errorOf } from "./router-setting.ts";

const migrations = new URL("../migrations/", import.meta.url);
let nats: TestNats;
let database: TestDatabase;
let fake: FakeUpstream;
let script: FakeScript;
/** Two routers of one installation. */
let routers: readonly [RouterRig, RouterRig];

beforeAll(async () => {
  [nats, database] = await Promise.all([testNats(), testDatabase({ migrations })]);
  fake = await startFakeUpstream((request, index) => script(request, index));
  const upstream = { id: "up", baseUrl: `${fake.url}/v1`, models: ["sandbox-small"] };
  const env = {
    UPSTREAMS: JSON.stringify([{ ...upstream, dialects: ["openai-chat", "openai-responses"] }]),
    DATABASE_URL: database.url,
    MAX_KEPT_ANSWER_BYTES: "20000",
  };
  routers = [await startRouter(nats, env), await startRouter(nats, env)];
});
afterAll(async () => {
  for (const router of routers) await router.stop();
  await fake.close();
  await Promise.all([nats.stop(), database.drop()]);
});

const whole: FakeScript = ({ body }, index) =>
  body.includes('"stream":true')
    ? { events: chatEvents([`answer ${index}`]) }
    : { body: chatCompletion(`answer ${index}`) };
beforeEach(() => {
  script = whole;
});

let keys = 0;
const newKey = (): string => `key-${(keys += 1)}`;
const keyed = (key: string, more: CallOptions = {}): CallOptions => ({ headers: ["idempotency-key", key], ...more });
const user = (userId: string, orgId: string | null = null): { readonly principal: Principal } => ({
  principal: {
    keyId: `key_of_${userId}_${orgId}`,
    userId,
    orgId,
    role: orgId === null ? null : "member",
    scopes: ["llm"],
    restrictions: null,
    buckets: { personal: `user:${userId}`, org: null },
    byok: { scope: "user", used: 0, capacity: 0 },
  },
});

describe("an idempotency key", () => {
  test.each([false, true])(
    "gets the first answer again, at any router, and is charged once (stream: %s)",
    async (stream) => {
      const key = newKey();
      const calls = fake.requests.length;
      const first = await routers[0].call(chatBody({ stream }), keyed(key));
      const again = await routers[1].call(chatBody({ stream }), keyed(key));
      expect(fake.requests.length - calls).toBe(1);
      expect([first.status, first.headers["x-topdog-replayed"]]).toEqual([200, undefined]);
      expect([again.status, again.headers["x-topdog-replayed"]]).toEqual([200, "true"]);
      expect(again.text).toBe(first.text.replace(/: x-topdog-cost-usd: [^\n]*\n\n/, ""));
      expect(again.headers["content-type"]).toBe(first.headers["content-type"]);
      expect(await routers[0].usage(first.seq)).toMatchObject({ outcome: "ok", refund: false, completionTokens: 7 });
      const free = { outcome: "ok", refund: true, completionTokens: 0, costNanoUsd: 0, provider: null };
      expect(await routers[1].usage(again.seq)).toMatchObject(free);
      expect(again.report).toMatchObject({ recorded: true });
    },
  );

  test("makes one answer of a crowd: the others are told to come back, which costs them nothing", async () => {
    const othersWereTold = Promise.withResolvers<void>();
    script = async (request, index) => {
      await othersWereTold.promise;
      return whole(request, index);
    };
    const key = newKey();
    const calls = fake.requests.length;
    let told409 = 0;
    const crowd = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        const answer = await (routers[n % 2] as RouterRig).call(chatBody(), keyed(key));
        told409 += answer.status === 409 ? 1 : 0;
        if (told409 === 7) othersWereTold.resolve();
        return answer;
      }),
    );
    expect(fake.requests.length - calls).toBe(1);
    expect(crowd.filter(({ status }) => status === 200)).toHaveLength(1);
    const told = crowd.filter(({ status }) => status === 409);
    expect(told).toHaveLength(7);
    expect(errorOf(told[0]!.text).code).toBe("idempotency_in_progress");
    expect(told[0]!.headers["retry-after"]).toBe("1");
    expect(await routers[0].usage(told[0]!.seq)).toMatchObject({ refund: true });
    expect((await routers[0].call(chatBody(), keyed(key))).headers["x-topdog-replayed"]).toBe("true");
  });

  test("stands for one request, byte for byte, of one API key", async () => {
    const key = newKey();
    const first = await routers[0].call(chatBody(), keyed(key));
    const other = await routers[1].call(chatBody({ temperature: 1 }), keyed(key));
    expect([other.status, errorOf(other.text).code]).toEqual([422, "idempotency_key_reused"]);
    const neighbour = await routers[1].call(chatBody(), keyed(key, user("usr_2")));
    expect([neighbour.status, neighbour.headers["x-topdog-replayed"]]).toEqual([200, undefined]);
    expect(neighbour.text).not.toBe(first.text);
  });

  test("is free for another try after a failure, which is not kept", async () => {
    const key = newKey();
    script = () => ({ status: 500, body: {} });
    expect((await routers[0].call(chatBody(), keyed(key))).status).toBe(502);
    script = () => ({ status: 400, body: { error: { message: "no" } } });
    expect((await routers[1].call(chatBody(), keyed(key))).status).toBe(400);
    script = whole;
    const made = await routers[1].call(chatBody(), keyed(key));
    expect([made.status, made.headers["x-topdog-replayed"]]).toEqual([200, undefined]);
  });

  test.each([0, 1])("finishes the answer of a caller that left after %i bytes, for it comes back", async (bytes) => {
    script = () => ({ events: chatEvents(["a", "b", "c"]), eventDelayMs: 200 });
    const key = newKey();
    const leave = bytes === 0 ? { leaveAfter: askedOf(fake, callsTo(fake).length + 1) } : { abortAfterBytes: bytes };
    const left = await routers[0].call(chatBody({ stream: true }), keyed(key, leave));
    expect(left.cut).toBe(true);
    const again = await eventually(async () => {
      const answer = await routers[1].call(chatBody({ stream: true }), keyed(key));
      expect(answer.status).toBe(200);
      return answer;
    });
    expect([again.events.at(-1), again.headers["x-topdog-replayed"]]).toEqual(["[DONE]", "true"]);
    expect(await routers[0].usage(left.seq)).toMatchObject({ outcome: "ok", refund: false, completionTokens: 7 });
  });

  test("is told that its answer was too large to be kept", async () => {
    script = () => ({ body: chatCompletion("x".repeat(30_000)) });
    const key = newKey();
    expect((await routers[0].call(chatBody(), keyed(key))).text.length).toBeGreaterThan(30_000);
    const again = await routers[1].call(chatBody(), keyed(key));
    expect([again.status, errorOf(again.text).code]).toEqual([409, "idempotency_answer_too_large"]);
  });

  test("must be of a sane length and of printable characters", async () => {
    for (const key of ["", "x".repeat(256), "with space"]) {
      const refused = await routers[0].call(chatBody(), keyed(key));
      expect([refused.status, errorOf(refused.text).param]).toEqual([400, "Idempotency-Key"]);
    }
  });
});

describe("the response cache", () => {
  const cached = (more: CallOptions = {}): CallOptions => ({ headers: ["x-topdog-cache", "60"], ...more });
  const question = (): object => chatBody({ user: newKey() });
  const state = ({ headers }: Answer): (string | undefined)[] => [
    headers["x-topdog-cache"],
    headers["x-topdog-cost-usd"],
  ];

  test("answers the same request of the same tenant for an API call and no LLM request, at any router", async () => {
    const body = question();
    const first = await routers[0].call(body, cached());
    const hit = await routers[1].call(body, cached());
    expect(state(first)[0]).toBe("miss");
    expect(state(hit)).toEqual(["hit", "0.000000000"]);
    expect(hit.headers["x-topdog-cache-age"]).toMatch(/^\d+$/);
    expect(hit.text).toBe(first.text);
    const free = { outcome: "ok", refund: false, refundsLlmRequest: true, completionTokens: 0, costNanoUsd: 0 };
    expect(await routers[1].usage(hit.seq)).toMatchObject({ ...free, model: "sandbox-small" });
  });

  test("is asked for, and answers nobody else, nothing else, and nothing older than is asked for", async () => {
    const body = question();
    const first = await routers[0].call(body, cached(user("usr_3", "org_1")));
    expect((await routers[0].call(body, user("usr_3", "org_1"))).headers["x-topdog-cache"]).toBeUndefined();
    for (const other of [user("usr_3"), user("usr_3", "org_2"), user("usr_4")])
      expect((await routers[0].call(body, cached(other))).headers["x-topdog-cache"]).toBe("miss");
    const colleague = await routers[1].call(body, cached(user("usr_4", "org_1")));
    expect([state(colleague)[0], colleague.text]).toEqual(["hit", first.text]);
    expect((await routers[0].call({ ...body, n: 2 }, cached(user("usr_3", "org_1")))).headers["x-topdog-cache"]).toBe(
      "miss",
    );
    await database.owner.raw(
      "update kept_answer set created_at = created_at - interval '10 s' where purpose = 'cache'",
    );
    const older = await routers[0].call(body, { headers: ["x-topdog-cache", "5"], ...user("usr_3", "org_1") });
    expect(older.headers["x-topdog-cache"]).toBe("miss");
  });

  test("keeps no failure, and no answer for a key that may not call the model", async () => {
    const body = question();
    script = () => ({ status: 500, body: {} });
    expect((await routers[0].call(body, cached())).status).toBe(502);
    script = whole;
    expect((await routers[0].call(body, cached())).headers["x-topdog-cache"]).toBe("miss");
    const restricted = await routers[0].call(body, cached({ models: ["another"] }));
    expect([restricted.status, errorOf(restricted.text).code]).toEqual([403, "model_not_allowed"]);
    const wrong = await routers[0].call(body, { headers: ["x-topdog-cache", "forever"] });
    expect([wrong.status, errorOf(wrong.text).param]).toEqual([400, "x-topdog-cache"]);
  });
});

describe("stored responses", () => {
  interface Stored {
    readonly id: string;
    readonly store: boolean;
    readonly previous_response_id: string | null;
    readonly output: readonly object[];
  }
  const samples = samplesOf({ id: "openai-responses" });
  let made = 0;
  const answering: FakeScript = ({ body }) => {
    made += 1;
    const named = (text: string): string => text.replaceAll("resp_fake", `resp_${made}`);
    if (!body.includes('"stream":true')) return { body: named(JSON.stringify(samples.answer(`said ${made} Zürich`))) };
    const { opening, content, finish, end } = samples.stream(["said", ` ${made} Zürich`]);
    return { events: [...opening, ...content, ...finish, end].map(named) };
  };
  const responses = { endpoint: "responses", path: "/v1/responses" };
  const ask = (body: object, options: CallOptions = {}, router = 0) =>
    (routers[router] as RouterRig).call({ model: "sandbox-small", ...body }, { operation: responses, ...options });
  const create = async (body: object, options: CallOptions = {}): Promise<Stored> => {
    const answer = await ask(body, options);
    expect(answer.status).toBe(200);
    const event = answer.text.split("\n").findLast((line) => line.startsWith("data: "));
    const last =
      event === undefined ? answer.text : JSON.stringify((JSON.parse(event.slice(6)) as { response: object }).response);
    return JSON.parse(last) as Stored;
  };
  const of = (name: string, id: string, suffix = "", options: CallOptions = {}) =>
    routers[1].call("", {
      operation: { endpoint: `responses.${name}`, path: `/v1/responses/${id}${suffix}` },
      ...options,
    });
  const sentInput = (): unknown => (JSON.parse(fake.requests.at(-1)!.body) as { input: unknown }).input;
  beforeEach(() => {
    script = answering;
  });

  test.each([false, true])(
    "can be continued, read and deleted; the provider stores nothing (stream: %s)",
    async (stream) => {
      const first = await create({ input: "My name is Zoë, I have 1.50", stream });
      expect(first).toMatchObject({ store: true, previous_response_id: null });
      expect(JSON.parse(fake.requests.at(-1)!.body)).toMatchObject({ store: false });
      const next = [{ role: "user", content: "What is my name?" }];
      const second = await create({ input: next, previous_response_id: first.id, stream });
      expect(second).toMatchObject({ store: true, previous_response_id: first.id });
      const said = { type: "message", role: "assistant", content: [{ type: "output_text" }] };
      expect(sentInput()).toMatchObject([{ role: "user", content: "My name is Zoë, I have 1.50" }, said, ...next]);
      expect(JSON.parse((await of("retrieve", second.id)).text)).toEqual(second);
      const items = JSON.parse((await of("input_items", second.id, "/input_items?order=asc&limit=2")).text);
      expect(items).toMatchObject({ object: "list", has_more: true, data: [{ type: "message", role: "user" }, said] });
      const rest = await of(
        "input_items",
        second.id,
        `/input_items?order=asc&after=${(items as { last_id: string }).last_id}`,
      );
      expect(JSON.parse(rest.text)).toMatchObject({
        has_more: false,
        data: [{ content: [{ text: "What is my name?" }] }],
      });
      const deleted = await of("delete", first.id);
      expect(JSON.parse(deleted.text)).toEqual({ id: first.id, object: "response", deleted: true });
      expect((await of("retrieve", first.id)).status).toBe(404);
      await create({ input: "And now?", previous_response_id: second.id });
      expect(sentInput()).toMatchObject([
        { content: "My name is Zoë, I have 1.50" },
        said,
        ...next,
        said,
        { content: "And now?" },
      ]);
      expect(await routers[1].usage(deleted.seq)).toMatchObject({
        endpoint: "responses.delete",
        outcome: "ok",
        provider: null,
      });
    },
  );

  test("are not there for another user, nor for the same user in another org", async () => {
    const mine = user("usr_5", "org_1");
    const { id } = await create({ input: "secret" }, mine);
    for (const other of [user("usr_5"), user("usr_5", "org_2"), user("usr_6", "org_1")]) {
      const foreign = await Promise.all([
        of("retrieve", id, "", other),
        of("delete", id, "", other),
        of("cancel", id, "/cancel", other),
        of("input_items", id, "/input_items", other),
      ]);
      expect(foreign.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
      const [read] = foreign;
      const missing = await of("retrieve", "resp_missing", "", other);
      expect(errorOf(read.text)).toEqual({
        ...errorOf(missing.text),
        message: errorOf(missing.text).message.replace("resp_missing", id),
      });
      const continued = await ask({ input: "go on", previous_response_id: id }, other);
      expect([continued.status, errorOf(continued.text).param]).toEqual([400, "previous_response_id"]);
    }
    expect((await of("retrieve", id, "", mine)).status).toBe(200);
  });

  test("are not stored for who says so, and none is cancelled or streamed again", async () => {
    const unstored = await create({ input: "hi", store: false });
    expect(unstored.store).not.toBe(true);
    expect((await of("retrieve", unstored.id)).status).toBe(404);
    const { id } = await create({ input: "hi" });
    expect((await of("cancel", id, "/cancel")).status).toBe(400);
    expect((await of("retrieve", id, "?stream=true")).status).toBe(400);
    expect((await of("input_items", id, "/input_items?limit=0")).status).toBe(400);
    for (const extra of [{ background: true }, { conversation: "conv_1" }, { prompt: { id: "p" } }, { store: 1 }])
      expect((await ask({ input: "hi", ...extra })).status).toBe(400);
  });

  test("are gone at every router as soon as their member left, or their org is", async () => {
    const bus = await nats.busOf("org-registry");
    const changedAt = new Date().toISOString();
    const [ada, bob] = [user("usr_7", "org_7"), user("usr_8", "org_7")];
    const key = keyed(newKey(), ada);
    const [adas, bobs] = [(await create({ input: "hi" }, ada)).id, (await create({ input: "hi" }, bob)).id];
    script = whole;
    const answered = await routers[0].call(chatBody(), key);
    expect(answered.status).toBe(200);
    const isThere = async (id: string, whose: CallOptions): Promise<boolean> =>
      (await of("retrieve", id, "", whose)).status === 200;
    const member = { orgId: "org_7", userId: "usr_7", version: 2, role: "member", active: false, changedAt } as const;
    await publishEvent(bus, memberChanged, { ...member, removed: false }, { id: "seat-lost" });
    await publishEvent(bus, memberChanged, { ...member, version: 3, removed: true }, { id: "left" });
    await eventually(async () => expect(await isThere(adas, ada)).toBe(false));
    expect(await isThere(bobs, bob)).toBe(true);
    expect((await routers[0].call(chatBody(), key)).text).not.toBe(answered.text);
    const org = { orgId: "org_7", version: 9, name: "Acme", ownerUserId: "usr_8", activeMembers: 0, changedAt };
    const gone = { ...org, deletionDueAt: null, deleted: true };
    await publishEvent(bus, orgUpdated, gone, { id: "org-gone" });
    await eventually(async () => expect(await isThere(bobs, bob)).toBe(false));
  });

  test("too large ones are delivered and say that they are not stored", async () => {
    const large = await create({ input: "x".repeat(30_000) });
    expect(large.store).not.toBe(true);
    expect((await of("retrieve", large.id)).status).toBe(404);
  });
});

test("while the database is away calls go on, and only what needs it is refused", async () => {
  const upstream = { id: "up", baseUrl: `${fake.url}/v1`, models: ["sandbox-small"] };
  const env = { UPSTREAMS: JSON.stringify([{ ...upstream, dialects: ["openai-chat", "openai-responses"] }]) };
  const alone = await startRouter(nats, { ...env, DATABASE_URL: "postgres://nobody:x@127.0.0.1:9/none" });
  const plain = await startRouter(nats, env);
  try {
    for (const router of [alone, plain]) {
      expect((await router.call(chatBody())).status).toBe(200);
      const cached = await router.call(chatBody(), { headers: ["x-topdog-cache", "60"] });
      expect(cached.status).toBe(200);
      const once = await router.call(chatBody(), keyed(newKey()));
      expect([once.status, errorOf(once.text).code]).toEqual([503, "storage_unavailable"]);
      expect(await router.usage(once.seq)).toMatchObject({ refund: true });
    }
    script = () => ({ body: samplesOf({ id: "openai-responses" }).answer("x") });
    const responses = { operation: { endpoint: "responses", path: "/v1/responses" } };
    const stored = await alone.call({ model: "sandbox-small", input: "hi" }, responses);
    expect([stored.status, (JSON.parse(stored.text) as { store?: boolean }).store]).toEqual([200, undefined]);
    const asked = await plain.call({ model: "sandbox-small", input: "hi", store: true }, responses);
    expect([asked.status, errorOf(asked.text).param]).toEqual([400, "store"]);
    expect(await alone.metric("topdog_llm_router_keeping_failures_total")).toBeGreaterThan(2);
  } finally {
    await alone.stop();
    await plain.stop();
  }
});
