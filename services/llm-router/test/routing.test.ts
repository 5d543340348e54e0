import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chatCompletion, chatEvents, type FakeUpstream, startFakeUpstream } from "@topdog/testing/fake-upstream";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { readRoutingPolicy } from "../src/clients/routing-file.ts";
import { callerOf } from "./byok-rig.ts";
import { chatBody, type RouterRig, startRouter } from "./router-rig.ts";
import { errorOf } from "./router-setting.ts";

const folder = mkdtempSync(join(tmpdir(), "topdog-routing-"));
const fileOf = (policy: object | string): string => {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof policy === "string" ? policy : JSON.stringify(policy));
  return path;
};

let nats: TestNats;
let rig: RouterRig;
let big: FakeUpstream;
let small: FakeUpstream;
let isBigDown = false;
beforeAll(async () => {
  nats = await testNats();
  big = await startFakeUpstream(({ body }) => {
    if (isBigDown) return { status: 500, body: {} };
    if (body.includes("stall")) return { hang: true };
    return body.includes('"stream":true') ? { events: chatEvents(["x"]) } : { body: chatCompletion("big") };
  });
  small = await startFakeUpstream(({ body }) =>
    body.includes('"stream":true')
      ? { events: Array.from({ length: 100 }, () => chatEvents(["x"])[1]!), eventDelayMs: 50 }
      : { body: chatCompletion("small") },
  );
  const upstream = (id: string, { url }: FakeUpstream, ...models: string[]) => ({
    id,
    baseUrl: url,
    models: models.map((model) => ({ id: model, promptNanoUsdPerToken: 1, completionNanoUsdPerToken: 1 })),
  });
  rig = await startRouter(nats, {
    UPSTREAMS: JSON.stringify([upstream("a", big, "big", "both"), upstream("b", small, "small", "both")]),
    ROUTING_FILE: fileOf({
      aliases: { "gpt-of-next-year": ["big", "small"], nothing: ["of-nobody"] },
      weights: [
        { upstream: "a", model: "both", weight: 0 },
        { upstream: "b", model: "both", weight: 1 },
      ],
      tenants: { "org:org_1": { denyModels: ["big"] }, "user:usr_9": { allowUpstreams: ["b"] } },
      segments: { medical: ["b"] },
      limits: [
        { model: "big", firstContentMs: 1_500 },
        { model: "both", totalMs: 1_500 },
      ],
    }),
  });
});
afterAll(async () => {
  await rig.stop();
  await Promise.all([big.close(), small.close(), nats.stop()]);
});

describe("an alias", () => {
  test("is served by its first model, in whose name the provider is asked and the call is recorded", async () => {
    const answer = await rig.call(chatBody({ model: "gpt-of-next-year", top_p: 0.5 }));
    expect(answer.headers).toMatchObject({ "x-topdog-model": "big", "x-topdog-provider": "a" });
    expect(JSON.parse(big.requests.at(-1)!.body)).toEqual({ ...chatBody({ model: "big", top_p: 0.5 }) });
    expect(await rig.usage(answer.seq)).toMatchObject({ model: "big", provider: "a" });
  });

  test("goes on to its next model where the first one fails", async () => {
    isBigDown = true;
    const answer = await rig.call(chatBody({ model: "gpt-of-next-year" }));
    isBigDown = false;
    expect(answer.headers).toMatchObject({ "x-topdog-model": "small", "x-topdog-attempts": "2" });
  });

  test("is listed like a model, and one that nobody serves is not; a key for its models may use it", async () => {
    const listed = async (models?: string[]) => {
      const { text } = await rig.get("/v1/models", models === undefined ? {} : { models });
      return (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id);
    };
    expect(await listed()).toEqual(expect.arrayContaining(["gpt-of-next-year"]));
    expect(await listed()).not.toContain("nothing");
    expect(await listed(["small"])).toEqual(expect.arrayContaining(["small", "gpt-of-next-year"]));
    const narrow = await rig.call(chatBody({ model: "gpt-of-next-year" }), { models: ["small"] });
    expect([narrow.status, narrow.headers["x-topdog-model"]]).toEqual([200, "small"]);
    expect((await rig.call(chatBody({ model: "gpt-of-next-year" }), { models: ["other"] })).status).toBe(403);
  });
});

describe("an operator's rules", () => {
  test("weights decide between upstreams of a model", async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      expect((await rig.call(chatBody({ model: "both" }))).headers["x-topdog-provider"]).toBe("b");
    }
  });

  test("an org's list counts for its calls alone", async () => {
    const inOrg = callerOf("usr_1", [], "org_1");
    const denied = await rig.call(chatBody({ model: "big" }), { principal: inOrg });
    expect([denied.status, errorOf(denied.text).code]).toEqual([403, "model_not_allowed"]);
    expect(await rig.usage(denied.seq)).toMatchObject({ outcome: "rejected", refundsLlmRequest: true });
    const other = await rig.call(chatBody({ model: "gpt-of-next-year" }), { principal: inOrg });
    expect(other.headers["x-topdog-model"]).toBe("small");
    expect((await rig.call(chatBody({ model: "big" }))).status).toBe(200);
    expect((await rig.call(chatBody({ model: "big" }), { principal: callerOf("usr_9", []) })).status).toBe(403);
  });

  test("what an org chose itself is refused, whoever else could serve it, and the list shows what is left", async () => {
    const none = { allowedModels: null, deniedModels: null, allowedProviders: null, deniedProviders: null };
    const inOrg = (rules: object) => ({
      principal: { ...callerOf("usr_2", [], "org_2"), modelRules: { ...none, ...rules } },
    });
    const outcome = async (model: string, rules: object): Promise<unknown> => {
      const { status, text, headers } = await rig.call(chatBody({ model }), inOrg(rules));
      return status === 200 ? `${headers["x-topdog-model"]} at ${headers["x-topdog-provider"]}` : errorOf(text).code;
    };
    const refused = "model_not_allowed";
    expect(await outcome("both", { deniedProviders: ["b"] })).toBe("both at a");
    expect(await outcome("small", { deniedProviders: ["b"] })).toBe(refused);
    expect(await outcome("big", { allowedModels: ["small"] })).toBe(refused);
    expect(await outcome("gpt-of-next-year", { deniedModels: ["big"] })).toBe("small at b");
    expect(await outcome("gpt-of-next-year", { deniedModels: ["gpt-of-next-year"] })).toBe(refused);
    const listed = async (rules: object): Promise<string[]> => {
      const { text } = await rig.get("/v1/models", inOrg(rules));
      return (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id).toSorted();
    };
    expect(await listed({})).toEqual(["big", "both", "gpt-of-next-year", "small"]);
    expect(await listed({ allowedProviders: ["a"] })).toEqual(["big", "both", "gpt-of-next-year"]);
    expect(await listed({ deniedModels: ["small", "both"] })).toEqual(["big", "gpt-of-next-year"]);
    const one = await rig.get("/v1/models/small", inOrg({ deniedProviders: ["b"] }));
    expect([one.status, errorOf(one.text).code]).toEqual([403, refused]);
  });

  test("medical data goes to the upstreams that are cleared for it; no provider is told what the header says", async () => {
    const segment = (value: string, model: string) =>
      rig.call(chatBody({ model }), { headers: ["x-data-segment", value] });
    expect((await segment("medical", "both")).headers["x-topdog-provider"]).toBe("b");
    expect(small.requests.at(-1)!.headers["x-data-segment"]).toBeUndefined();
    expect((await segment("medical", "big")).status).toBe(403);
    expect((await segment("scientific", "both")).status).toBe(403);
    expect((await segment("general", "big")).status).toBe(200);
    const wrong = await segment("secret", "both");
    expect([wrong.status, errorOf(wrong.text).param]).toEqual([400, "X-Data-Segment"]);
  });

  test("a model's own limits end its silence", async () => {
    const stalled = chatBody({ model: "big", stream: true, user: "stall" });
    const answer = await rig.call(stalled);
    expect([answer.status, errorOf(answer.text).code]).toEqual([504, "upstream_timeout"]);
    expect((await rig.call(chatBody({ model: "big", stream: true }))).status).toBe(200);
  });

  test("a model's own limit ends an answer that never does, however much of it has come", async () => {
    const answer = await rig.call(chatBody({ model: "both", stream: true }));
    expect([answer.status, answer.events.includes("[DONE]")]).toEqual([200, false]);
    expect(answer.text).toContain("upstream_timeout");
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "failed", refund: false });
  });

  test.each([
    ["not JSON", "{"],
    ["a member that does not exist", { alias: {} }],
    ["an alias of nothing", { aliases: { a: [] } }],
    ["a tenant of no form", { tenants: { org_1: {} } }],
    ["a weight below none", { weights: [{ upstream: "a", weight: -1 }] }],
  ])("a file with %s ends the start", (_name, policy) => {
    expect(() => readRoutingPolicy(fileOf(policy))).toThrow(/^ROUTING_FILE: /);
  });
});
