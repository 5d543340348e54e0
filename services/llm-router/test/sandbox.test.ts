import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { chatBody, type RouterRig, startRouter } from "./router-rig.ts";
import { type SandboxProcess, startSandbox } from "./sandbox-process.ts";

let nats: TestNats;
let a: SandboxProcess;
let b: SandboxProcess;
let router: RouterRig;

beforeAll(async () => {
  [nats, a, b] = await Promise.all([testNats(), startSandbox(), startSandbox()]);
  await restart();
});
afterAll(async () => {
  await router.stop();
  await Promise.all([a.kill9(), b.kill9(), nats.stop()]);
});
beforeEach(() => Promise.all([a.setFaults(null), b.setFaults(null)]));

const logged = async (requestId: string) => {
  const entries = [...(await a.log()), ...(await b.log())];
  return entries.filter((entry) => entry.requestId === requestId);
};
const contentOf = (events: readonly string[]): string =>
  events
    .filter((event) => event.startsWith("{") && !event.includes('"error"'))
    .map(
      (event) => (JSON.parse(event) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? "",
    )
    .join("");

describe("a healthy pool", () => {
  // First: only plain calls have been made, so that no latency was measured yet that could make the two unequal.
  test("calls are spread over equal upstreams", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => router.call(chatBody())));
    const used = answers.map(({ headers }) => headers["x-topdog-provider"]);
    expect(used.filter((id) => id === "sandbox-a").length).toBeGreaterThan(4);
    expect(used.filter((id) => id === "sandbox-b").length).toBeGreaterThan(4);
  });

  test("a plain answer is passed on untouched, and its usage is what the provider counted", async () => {
    const answer = await router.call(chatBody());
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ "x-topdog-model": "sandbox-small", "x-topdog-attempts": "1" });
    expect(answer.headers["x-topdog-provider"]).toMatch(/^sandbox-[ab]$/);
    const body = JSON.parse(answer.text) as { usage: { prompt_tokens: number; completion_tokens: number } };
    const [entry] = await logged(`req_${answer.seq}`);
    expect(entry).toMatchObject({ completed: true, promptTokens: body.usage.prompt_tokens });
    expect(await router.usage(answer.seq)).toMatchObject({
      outcome: "ok",
      streamed: false,
      estimated: false,
      refund: false,
      promptTokens: entry!.promptTokens,
      completionTokens: entry!.completionTokens,
      costNanoUsd: entry!.promptTokens * 150 + entry!.completionTokens * 600,
      attempts: 1,
    });
  });

  test("a stream's usage is exact though the caller did not ask to see it, and then it does not", async () => {
    const answer = await router.call(chatBody({ stream: true }));
    expect(answer.events.at(-1)).toBe("[DONE]");
    expect(answer.events.some((event) => event.includes('"usage":{'))).toBe(false);
    const [entry] = await logged(`req_${answer.seq}`);
    expect(await router.usage(answer.seq)).toMatchObject({
      outcome: "ok",
      streamed: true,
      estimated: false,
      promptTokens: entry!.promptTokens,
      completionTokens: entry!.completionTokens,
    });
  });

  test("a caller that asks for the usage chunk gets it, last before [DONE]", async () => {
    const answer = await router.call(chatBody({ stream: true, stream_options: { include_usage: true } }));
    const usage = JSON.parse(answer.events.at(-2)!) as { choices: unknown[]; usage: { total_tokens: number } };
    expect(usage.choices).toEqual([]);
    expect(usage.usage.total_tokens).toBeGreaterThan(0);
  });

  test("tools pass through both ways", async () => {
    const tools = [{ type: "function", function: { name: "weather", parameters: {} } }];
    const answer = await router.call(chatBody({ tools, tool_choice: "required" }));
    expect(answer.text).toContain('"finish_reason":"tool_calls"');
    const streamed = await router.call(chatBody({ tools, tool_choice: "required", stream: true }));
    expect(streamed.text).toContain('"tool_calls"');
    expect(streamed.events.at(-1)).toBe("[DONE]");
  });
});

/** What hits before any content: with another upstream there, the caller never notices. */
const early = {
  "an error status": { status: 500 },
  "an overload": { status: 529 },
  "a credential refused": { status: 401 },
  "a stalled start": { latencyMs: 5000 },
  "a cut after the role": { cutAfterChunks: 1 },
  "a stall after the role": { stallAfterChunks: 1 },
  "a broken first content": { malformedAtChunk: 1 },
  "an error event inside a 200": { errorEventAtStart: true },
};

describe.each(Object.entries(early))("%s of one upstream", (_name, fault) => {
  test.each([true, false])("is covered by the other (stream: %s)", async (stream) => {
    await a.setFaults(fault);
    const answers = [await router.call(chatBody({ stream })), await router.call(chatBody({ stream }))];
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain('"error"');
      expect(answer.headers["x-topdog-provider"]).toBe("sandbox-b");
      expect(await router.usage(answer.seq)).toMatchObject({ outcome: "ok", provider: "sandbox-b", estimated: false });
    }
    if ("status" in fault && fault.status === 401) await router.stop().then(restart);
  });
});

/** A refused credential rests for a minute: the next tests need a router that does not know of it. */
async function restart(): Promise<void> {
  router = await startRouter(nats, {
    SANDBOX_URLS: `${a.url},${b.url}`,
    FIRST_CONTENT_TIMEOUT_MS: "1000",
    PLAIN_ANSWER_TIMEOUT_MS: "1000",
    INTER_CHUNK_TIMEOUT_MS: "1000",
    BREAKER_VOLUME: "1000",
  });
}

describe.each([
  ["a cut", { cutAfterChunks: 4 }],
  ["a stall", { stallAfterChunks: 4 }],
  ["a malformed event", { malformedAtChunk: 4 }],
])("%s after the first content", (_name, fault) => {
  test("ends the stream with an error event, without [DONE] and without a part of a second answer", async () => {
    await Promise.all([a.setFaults(fault), b.setFaults(fault)]);
    const answer = await router.call(chatBody({ stream: true }));
    expect(answer.status).toBe(200);
    expect(answer.cut).toBe(false);
    const last = JSON.parse(answer.events.at(-1)!) as { error: { message: string; type: string; code: string } };
    expect(last.error).toMatchObject({
      message: expect.any(String),
      type: expect.any(String),
      code: expect.any(String),
    });
    expect(answer.events).not.toContain("[DONE]");
    expect(answer.events).toHaveLength(5);
    const ids = new Set(answer.events.slice(0, -1).map((event) => (JSON.parse(event) as { id: string }).id));
    expect(ids.size).toBe(1);
    expect(contentOf(answer.events)).toBe("Sandbox reply:");
    expect(await router.usage(answer.seq)).toMatchObject({
      outcome: "failed",
      refund: false,
      estimated: true,
      completionTokens: 3,
    });
  });
});

test("killing one upstream during load loses no call that had not begun to stream", async () => {
  const c = await startSandbox({ TTFT_MS: "60" });
  const pair = await startRouter(nats, { SANDBOX_URLS: `${c.url},${b.url}` });
  const load = Array.from({ length: 60 }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, i * 10));
    return pair.call(chatBody({ stream: i % 2 === 0 }));
  });
  await new Promise((resolve) => setTimeout(resolve, 250));
  await c.kill9();
  const answers = await Promise.all(load);
  const lost = answers.filter(({ status }) => status !== 200);
  expect(lost.map(({ status, text }) => `${status} ${text}`)).toEqual([]);
  const broken = answers.filter(({ text }) => text.includes('"error"'));
  for (const { events } of broken) expect(contentOf(events)).not.toBe("");
  for (const { seq } of answers) await pair.usage(seq);
  await pair.stop();
});

describe("a caller that goes away", () => {
  let slow: SandboxProcess;
  let patient: RouterRig;
  beforeAll(async () => {
    // A stream lasts for seconds, so that it cannot end before it is given up.
    slow = await startSandbox({ TTFT_MS: "500", TOKEN_INTERVAL_MS: "200" });
    patient = await startRouter(nats, { SANDBOX_URLS: slow.url });
  });
  afterAll(async () => {
    await patient.stop();
    await slow.kill9();
  });

  test.each([0, 1, 400, 900, 1500])(
    "after %i bytes frees its upstream at once and is charged for what was made",
    async (bytes) => {
      const answer = await patient.call(chatBody({ stream: true }), { abortAfterBytes: bytes });
      const usage = await patient.usage(answer.seq);
      expect(usage).toMatchObject({ outcome: "client_closed", refund: false, estimated: true });
      expect(usage.promptTokens).toBeGreaterThan(0);
      await eventually(async () => {
        const entry = (await slow.log()).find(({ requestId }) => requestId === `req_${answer.seq}`);
        expect(entry).toMatchObject({ completed: false, aborted: true });
        expect(usage.completionTokens).toBeLessThanOrEqual(entry!.completionTokens);
      });
      expect(await patient.metric("topdog_llm_router_spool_open_calls")).toBe(0);
      expect(await patient.metric("topdog_llm_router_link_calls")).toBe(0);
    },
  );

  test("a crowd of them leaves no slot taken", async () => {
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        router.call(chatBody({ stream: i % 3 > 0 }), { abortAfterBytes: (i % 6) * 200 }),
      ),
    );
    await eventually(async () => expect(await router.metric("topdog_llm_router_spool_open_calls")).toBe(0));
    const answer = await router.call(chatBody());
    expect(answer.status).toBe(200);
  });
});
