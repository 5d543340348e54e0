import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { createLogger } from "@topdog/telemetry/logger";
import { eventually } from "@topdog/testing/eventually";
import { chatEvents, type FakeReply } from "@topdog/testing/fake-upstream";
import { chatBody, startRouter, upstreams } from "./router-rig.ts";
import { askedOf, errorOf, healthy, useRouters } from "./router-setting.ts";

const { nats, start, upstream, router } = useRouters();

describe("what the caller is told", () => {
  test("its own mistakes are charged, recorded, and answered in OpenAI's shape", async () => {
    const rig = await router([await upstream(healthy)], { MAX_BODY_BYTES: "2000" });
    const cases = [
      { body: "{", status: 400, code: "malformed_json", param: null },
      { body: { messages: [1] }, status: 400, code: "invalid_request", param: "model" },
      { body: '{"model":"a","messages":[1],"model":"b"}', status: 400, code: "invalid_request", param: "model" },
      { body: `{"stream_options":{},"a":${"[".repeat(900)}`, status: 400, code: "invalid_request", param: null },
      { body: chatBody({ api_key: "sk" }), status: 400, code: "invalid_request", param: "api_key" },
      { body: chatBody({ model: "gpt-99" }), status: 404, code: "model_not_found", param: "model" },
    ];
    for (const { body, status, code, param } of cases) {
      const answer = await rig.call(body);
      expect(answer.status).toBe(status);
      expect(errorOf(answer.text)).toMatchObject({
        code,
        param,
        type: "invalid_request_error",
        message: expect.any(String),
      });
      expect(answer.headers["x-request-id"]).toBe(`req_${answer.seq}`);
      expect(await rig.usage(answer.seq)).toMatchObject({
        outcome: "rejected",
        refund: false,
        refundsLlmRequest: true,
        provider: null,
        attempts: 0,
      });
    }
  });

  test("a body that is too long is not taken: the gateway answers for that call", async () => {
    const rig = await router([await upstream(healthy)], { MAX_BODY_BYTES: "2000" });
    const long = rig.call(chatBody({ user: "x".repeat(3000) }));
    await expect(long).rejects.toMatchObject({ failure: { reason: "too_large" } });
  });

  test.each([400, 413, 422])(
    "a provider's %i ends the call as it is, without its address or its headers",
    async (status) => {
      const body = {
        error: {
          message: "bad, see http://10.0.0.1:1/x?key=1",
          type: "invalid_request_error",
          param: "top_p",
          code: 7,
        },
        secret: 1,
      };
      const first = await upstream(() => ({
        status,
        body,
        headers: { "openai-organization": "org-secret", "set-cookie": "a=b" },
      }));
      const second = await upstream(healthy);
      const rig = await router([first, second], { BREAKER_VOLUME: "1" });
      const answers = [await rig.call(chatBody()), await rig.call(chatBody({ stream: true }))];
      const refused = answers.find((answer) => answer.status === status)!;
      expect(errorOf(refused.text)).toEqual({
        message: "bad, see [address]",
        type: "invalid_request_error",
        param: "top_p",
        code: "7",
      });
      expect(refused.text).not.toContain("secret");
      expect(refused.headers).not.toHaveProperty("openai-organization");
      expect(refused.headers).not.toHaveProperty("set-cookie");
      expect(await rig.usage(refused.seq)).toMatchObject({
        outcome: "rejected",
        refund: false,
        refundsLlmRequest: true,
        attempts: 1,
      });
      expect(await rig.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(0);
    },
  );

  test("when all fail: the first one's class, the shortest wait, the number of attempts, and its tokens back", async () => {
    const asked: string[] = [];
    const failing = (code: string, reply: FakeReply) =>
      upstream(() => {
        asked.push(code);
        return { ...reply, body: {} };
      });
    const rig = await router([
      await failing("upstream_rate_limited", { status: 429, headers: { "retry-after": "17" } }),
      await failing("upstream_overloaded", { status: 503, headers: { "retry-after": "5" } }),
    ]);
    const answer = await rig.call(chatBody({ stream: true }));
    expect(asked).toHaveLength(2);
    expect(errorOf(answer.text).code).toBe(asked[0]);
    expect(answer.status).toBe(asked[0] === "upstream_rate_limited" ? 429 : 503);
    expect(answer.headers).toMatchObject({ "retry-after": "5", "x-topdog-attempts": "2" });
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "failed", refund: true, attempts: 2, costNanoUsd: 0 });
  });

  test.each<[string, FakeReply, number, string]>([
    ["a fault of its own", { status: 500, body: {} }, 502, "upstream_failed"],
    ["an error within a 200", { status: 200, body: { error: { message: "x" } } }, 502, "upstream_answer_invalid"],
    ["a redirect", { status: 302, headers: { location: "/x" }, body: {} }, 502, "upstream_answer_invalid"],
    ["a page", { body: "<html>" }, 502, "upstream_answer_invalid"],
    ["half an answer", { body: '{"choices":[', cut: "at_end" }, 502, "upstream_answer_cut"],
    ["nothing", { cut: "at_once" }, 502, "upstream_unavailable"],
    ["overload", { status: 529, body: {} }, 503, "upstream_overloaded"],
    ["a limit that states no wait", { status: 429, body: {} }, 429, "upstream_rate_limited"],
    ["a refused key", { status: 401, body: {} }, 502, "upstream_rejected"],
  ])(
    "of a provider that answers with %s, the caller is told that, and nothing is charged",
    async (_name, reply, status, code) => {
      const rig = await router([await upstream(() => reply)]);
      const answer = await rig.call(chatBody());
      expect([answer.status, errorOf(answer.text).code]).toEqual([status, code]);
      if (status === 429) expect(answer.headers["retry-after"]).toBe("5");
      expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "failed", refund: true });
    },
  );

  test("of an upstream that rests, why it rests", async () => {
    const refused = await router([await upstream(() => ({ status: 401, body: {} }))]);
    const limited = await router([await upstream(() => ({ status: 429, headers: { "retry-after": "9" }, body: {} }))]);
    for (const [rig, code] of [
      [refused, "upstream_rejected"],
      [limited, "upstream_rate_limited"],
    ] as const) {
      await rig.call(chatBody());
      const again = await rig.call(chatBody());
      expect([errorOf(again.text).code, again.headers["x-topdog-attempts"]]).toEqual([code, "0"]);
      expect(Number(again.headers["retry-after"])).toBeGreaterThan(0);
    }
  });

  test("a call's deadline is kept: 504, and no upstream is asked again", async () => {
    const silent = await upstream(() => ({ hang: true }));
    const rig = await router([silent, silent]);
    const answer = await rig.call(chatBody(), { deadlineInMs: 1_000 });
    expect(answer.status).toBe(504);
    expect(errorOf(answer.text).code).toBe("upstream_timeout");
    expect(silent.requests).toHaveLength(1);
    await silent.requests[0]!.aborted;
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "failed", refund: true });
  });

  test("an operation that it does not know goes back, for a newer router may", async () => {
    const rig = await router([await upstream(healthy)]);
    await expect(rig.callOperation("audio.speech")).rejects.toMatchObject({ failure: { reason: "refused" } });
  });

  test("models are listed and found as OpenAI does, and metered where a gateway of the release before has charged them", async () => {
    const rig = await router([await upstream(healthy)]);
    const list = await rig.get("/v1/models");
    expect(JSON.parse(list.text)).toMatchObject({ object: "list", data: [{ id: "sandbox-small", object: "model" }] });
    const one = await rig.get("/v1/models/sandbox-small");
    expect(JSON.parse(one.text)).toMatchObject({ id: "sandbox-small", owned_by: "topdog-sandbox" });
    const none = await rig.get("/v1/models/nope");
    for (const { status, text } of [
      none,
      await rig.get("/v1/models/__proto__"),
      await rig.get("/v1/models/constructor"),
    ]) {
      expect([status, errorOf(text).code]).toEqual([404, "model_not_found"]);
    }
    expect(await rig.usage(list.seq)).toMatchObject({ endpoint: "models", outcome: "ok" });
    expect(await rig.usage(none.seq)).toMatchObject({ endpoint: "models", outcome: "rejected" });
  });
});

describe("a caller that leaves before anything came", () => {
  test.each([true, false])("is charged no LLM request, and is no error in the log (stream: %s)", async (streamed) => {
    const lines: string[] = [];
    const logger = createLogger({
      service: "t",
      level: "info",
      destination: { write: (line) => void lines.push(line) },
    });
    const silent = await upstream(() => ({ hang: true }));
    const rig = await start({ UPSTREAMS: upstreams(silent.url), BREAKER_VOLUME: "1" }, { logger });
    const { seq } = await rig.call(chatBody({ stream: streamed }), { leaveAfter: askedOf(silent, 1) });
    await silent.requests[0]!.aborted;
    expect(await rig.usage(seq)).toMatchObject({ outcome: "client_closed", refund: false, refundsLlmRequest: true });
    expect(await rig.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(0);
    expect(lines.filter((line) => line.includes('"err"') || line.includes("failed"))).toEqual([]);
  });
});

describe("a gateway that dies during a call", () => {
  test.each([true, false])("before anything came: all tokens go back (stream: %s)", async (streamed) => {
    const silent = await upstream(() => ({ hang: true }));
    const rig = await start({ UPSTREAMS: upstreams(silent.url) });
    const call = rig.call(chatBody({ stream: streamed }));
    await eventually(() => expect(silent.requests).toHaveLength(1));
    rig.loseGateway();
    await call.catch(() => undefined);
    await eventually(async () => {
      expect(await rig.usages()).toMatchObject([{ outcome: "interrupted", refund: true }]);
    });
  });

  test("after something had gone out: what was produced is charged, as interrupted", async () => {
    const endless = await upstream(() => ({ events: chatEvents(["one", "two"]).slice(0, 3), hang: true }));
    const rig = await start({ UPSTREAMS: upstreams(endless.url) });
    const call = rig.call(chatBody({ stream: true }));
    await eventually(async () => expect(await rig.metric("topdog_llm_router_first_content_seconds_count")).toBe(1));
    await sleep(50);
    rig.loseGateway();
    await call.catch(() => undefined);
    await eventually(async () => {
      expect(await rig.usages()).toMatchObject([{ outcome: "interrupted", refund: false, refundsLlmRequest: false }]);
    });
  });
});

describe("what the provider gets", () => {
  test("the platform's headers and the same body", async () => {
    const fake = await upstream(healthy);
    const rig = await router([fake]);
    const text = JSON.stringify(
      chatBody({ response_format: { type: "json_object" }, x_unknown: 12345678901234567890n.toString() }),
    );
    await rig.call(text);
    const [request] = fake.requests;
    expect(request!.body).toBe(text);
    expect(Object.keys(request!.headers).toSorted()).toEqual(
      ["accept", "connection", "content-length", "content-type", "host", "x-request-id"].toSorted(),
    );
  });

  test("a redirect is not followed: the key never goes elsewhere", async () => {
    const elsewhere = await upstream(healthy);
    const fake = await upstream(() => ({
      status: 307,
      headers: { location: `${elsewhere.url}/v1/chat/completions` },
      body: {},
    }));
    const rig = await router([fake]);
    expect((await rig.call(chatBody())).status).toBe(502);
    expect(elsewhere.requests).toHaveLength(0);
  });
});

describe("a stream", () => {
  test("of a provider that states no usage is estimated, and says so", async () => {
    const events = chatEvents(["a", "b", "c"]).filter((event) => !JSON.stringify(event).includes("usage"));
    const rig = await router([await upstream(() => ({ events }))]);
    const answer = await rig.call(chatBody({ stream: true }));
    expect(answer.events.at(-1)).toBe("[DONE]");
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "ok", estimated: true, completionTokens: 4 });
  });

  test("that says it is finished and ends cleanly is whole, also when its provider left [DONE] out", async () => {
    const rig = await router([await upstream(() => ({ events: chatEvents(["a"]).slice(0, -1) }))]);
    const answer = await rig.call(chatBody({ stream: true }));
    expect(answer.events.at(-1)).toBe("[DONE]");
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "ok", estimated: false });
  });

  test("that ends cleanly before every choice is finished is not taken for complete", async () => {
    const events = chatEvents(["a"]);
    const cases = [
      { events: events.slice(0, 2), body: chatBody({ stream: true }) },
      { events: events.slice(0, -1), body: chatBody({ stream: true, n: 2 }) },
    ];
    for (const { events: sent, body } of cases) {
      const rig = await router([await upstream(() => ({ events: sent }))]);
      const answer = await rig.call(body);
      expect(errorOf(answer.events.at(-1)!).code).toBe("upstream_answer_cut");
      expect(answer.events).not.toContain("[DONE]");
      expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "failed" });
    }
  });

  test("that falls silent within its answer says so in comments", async () => {
    const [role, ...rest] = chatEvents(["a"]);
    const slow = await upstream(() => ({ events: [role!, ...rest], eventDelayMs: 250 }));
    const rig = await router([slow], { KEEP_ALIVE_MS: "50" });
    const answer = await rig.call(chatBody({ stream: true }));
    expect(answer.text).toMatch(/"content":"a"[^\n]*\n\n: keep-alive\n\n/);
    expect(answer.events.at(-1)).toBe("[DONE]");
  });

  test("is not delayed by the bus being away, and its usage arrives when the bus is back", async () => {
    const rig = await router([await upstream(healthy)]);
    await nats().kill9();
    const answers = await Promise.all([rig.call(chatBody({ stream: true })), rig.call(chatBody())]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await nats().restart();
    const found = await eventually(() => Promise.all(answers.map(({ seq }) => rig.usage(seq))));
    expect(found).toHaveLength(2);
  });
});

test("a spool without room refuses before any provider is asked, and says that nothing was recorded", async () => {
  const fake = await upstream(healthy);
  const full = await start(
    { UPSTREAMS: upstreams(fake.url) },
    {
      openSpool: async () => ({
        recovered: { interruptedCalls: 0, tornBytes: 0 },
        begin: () => null,
        record: async () => false,
        stats: () => ({ bytes: 0, segments: 0, openCalls: 0, healthy: true }),
        stop: async () => undefined,
      }),
    },
  );
  const answer = await full.call(chatBody());
  expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "2" }, report: { recorded: false } });
  expect(errorOf(answer.text).code).toBe("usage_spool_full");
  expect(fake.requests).toHaveLength(0);
  expect(await full.metric("topdog_llm_router_usage_refused_total")).toBe(1);
});

test("a drain lets streams finish and ships their usage before it ends", async () => {
  const fake = await upstream(() => ({ events: chatEvents(["a", "b", "c", "d"]), eventDelayMs: 60 }));
  const rig = await startRouter(nats(), { UPSTREAMS: upstreams(fake.url) });
  const streaming = rig.call(chatBody({ stream: true }));
  await eventually(() => expect(fake.requests).toHaveLength(1));
  const stopped = rig.stop();
  const answer = await streaming;
  expect(answer.events.at(-1)).toBe("[DONE]");
  await stopped;
  expect((await rig.usages()).some(({ charges }) => charges[0]!.seq === answer.seq)).toBe(true);
});

test("every call on record is counted once, by who answered it, and dollars are lost by what broke off alone", async () => {
  const failing = await upstream(() => ({ status: 500, body: {} }));
  const breaking = await upstream(() => ({ events: chatEvents(["a", "b"]).slice(0, 3), cut: "at_end" as const }));
  const calls = async (rig: Awaited<ReturnType<typeof router>>): Promise<Record<string, number>> => {
    const results = ["first", "fallback", "failed", "rejected", "client_closed"];
    const counts = results.map((result) => rig.metric(`topdog_llm_router_calls_total{result="${result}"`));
    return Object.fromEntries((await Promise.all(counts)).map((count, index) => [results[index], count]));
  };
  const none = { first: 0, fallback: 0, failed: 0, rejected: 0, client_closed: 0 };

  const rig = await router([failing, await upstream(healthy)], { BREAKER_VOLUME: "100" });
  expect(await calls(rig)).toEqual(none);
  await rig.call(chatBody());
  await rig.call(chatBody());
  await rig.call("{");
  const counted = await calls(rig);
  expect(counted["first"]! + counted["fallback"]!).toBe(2);
  expect(counted["fallback"]).toBeGreaterThan(0);
  expect(counted).toMatchObject({ failed: 0, rejected: 1 });
  expect(await rig.metric("topdog_llm_router_own_seconds_count")).toBe(2);
  await eventually(async () => expect(await rig.metric("topdog_llm_router_usage_shipped_total")).toBe(3));

  const alone = await router([failing], { BREAKER_VOLUME: "100" });
  await alone.call(chatBody());
  expect(await calls(alone)).toEqual({ ...none, failed: 1 });
  expect(await alone.metric("topdog_llm_router_lost_cost_usd_total")).toBe(0);

  const broken = await router([breaking], { BREAKER_VOLUME: "100" });
  await broken.call(chatBody({ stream: true }));
  expect(await calls(broken)).toEqual({ ...none, failed: 1 });
  expect(await broken.metric("topdog_llm_router_lost_cost_usd_total")).toBeGreaterThan(0);
});
