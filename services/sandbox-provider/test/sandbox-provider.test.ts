import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestService, type TestService } from "@topdog/testing/service";
import { sandboxProvider } from "../src/app.ts";

let sandbox: TestService;
let url: string;

async function start(env: Record<string, string> = {}): Promise<void> {
  const pace = { TTFT_MS: "0", TOKEN_INTERVAL_MS: "0", SHUTDOWN_GRACE_MS: "100" };
  sandbox = await startTestService(sandboxProvider, { env: { ...pace, ...env } });
  url = sandbox.url;
}
beforeEach(() => start());
afterEach(() => sandbox.stop());

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly complete: boolean;
}

function send(method: string, path: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "x-request-id": "req_1" };
    const req = httpRequest(`${url}${path}`, { method, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", () => undefined);
      res.on("close", () => {
        resolve({ status: res.statusCode!, text: Buffer.concat(chunks).toString(), complete: res.complete });
      });
    });
    req.on("error", reject);
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
const chat = (extra: object = {}): Promise<Answer> =>
  send("POST", "/v1/chat/completions", {
    model: "sandbox-small",
    messages: [{ role: "user", content: "hi" }],
    ...extra,
  });
const eventsOf = ({ text }: Answer): string[] => text.split("\n\n").flatMap((event) => event.split("data: ")[1] ?? []);

interface Completion {
  readonly model: string;
  readonly choices: { message: { content: string }; delta?: { content?: string }; finish_reason: string | null }[];
  readonly usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null;
}
const parse = (text: string): Completion => JSON.parse(text) as Completion;

describe("answers", () => {
  test("are the same for the same request, say that they are a sandbox's, and count their tokens", async () => {
    const [first, second] = [parse((await chat()).text), parse((await chat()).text)];
    expect(first.choices).toEqual(second.choices);
    expect(first.model).toBe("sandbox-small");
    expect(first.usage!.total_tokens).toBe(first.usage!.prompt_tokens + first.usage!.completion_tokens);
    const other = parse((await chat({ model: "sandbox-large" })).text);
    expect(other.choices).not.toEqual(first.choices);
  });

  test.each(["0", "1"])(
    "are the same text streamed, with usage only when asked for (interval %s ms)",
    async (interval) => {
      await sandbox.stop();
      await start({ TOKEN_INTERVAL_MS: interval });
      const plain = parse((await chat()).text);
      const silent = eventsOf(await chat({ stream: true }));
      const asked = eventsOf(await chat({ stream: true, stream_options: { include_usage: true } }));
      const chunks = asked.slice(0, -1).map(parse);
      expect([silent.at(-1), asked.at(-1)]).toEqual(["[DONE]", "[DONE]"]);
      expect(silent.some((event) => event.includes("usage"))).toBe(false);
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: plain.usage });
      expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
      const text = chunks.map(({ choices }) => choices[0]?.delta?.content ?? "").join("");
      expect(text).toBe(plain.choices[0]!.message.content);
    },
  );

  test("end at max_tokens", async () => {
    const answer = parse((await chat({ max_tokens: 4 })).text);
    expect(answer.usage!.completion_tokens).toBe(4);
    expect(answer.choices[0]!.finish_reason).toBe("length");
  });

  test("call a tool when they must, or when the weather is asked for", async () => {
    const tools = [{ type: "function", function: { name: "look_up" } }];
    const weather = { messages: [{ role: "user", content: [{ type: "text", text: "What is the weather?" }] }] };
    for (const extra of [
      { tools, tool_choice: "required" },
      { tools, ...weather },
    ]) {
      expect((await chat(extra)).text).toContain('"name":"look_up"');
      expect((await chat({ ...extra, stream: true })).text).toContain('"finish_reason":"tool_calls"');
    }
    expect((await chat({ tools, ...weather, tool_choice: "none" })).text).not.toContain("tool_calls");
    expect((await chat({ tools })).text).not.toContain("tool_calls");
  });

  test("to wrong requests are OpenAI's", async () => {
    const missing = await send("POST", "/v1/chat/completions", { model: "sandbox-small" });
    const unknown = await chat({ model: "gpt-99" });
    expect([missing.status, unknown.status]).toEqual([400, 404]);
    expect(JSON.parse(unknown.text)).toMatchObject({ error: { code: "model_not_found", param: null } });
  });
});

describe("faults", () => {
  const broken = async (faults: object, stream: boolean): Promise<Answer> => {
    await send("PUT", "/_faults", faults);
    return chat({ stream });
  };

  test("a status, with its Retry-After", async () => {
    expect((await broken({ status: 429, retryAfterSeconds: 3 }, true)).status).toBe(429);
  });

  test("a cut, after exactly so many chunks", async () => {
    const streamed = await broken({ cutAfterChunks: 3 }, true);
    expect([streamed.complete, eventsOf(streamed).length]).toEqual([false, 3]);
    expect((await chat()).complete).toBe(false);
  });

  test("one malformed chunk among good ones; a malformed plain answer", async () => {
    const good = eventsOf(await broken({ malformedAtChunk: 2 }, true)).map(
      (event) => event === "[DONE]" || event.endsWith("}"),
    );
    expect(good.filter((isGood) => !isGood)).toHaveLength(1);
    expect(good[2]).toBe(false);
    const plain = await chat();
    expect(plain.complete).toBe(true);
    expect(() => parse(plain.text)).toThrow(SyntaxError);
  });

  test("an error event inside a 200", async () => {
    const streamed = await broken({ errorEventAtStart: true }, true);
    expect([streamed.status, eventsOf(streamed).length]).toEqual([200, 1]);
    expect(streamed.text).toContain('"error"');
  });

  test("hit a share of calls that its seed decides, and stop after their count", async () => {
    const statuses = async (faults: object): Promise<number[]> => {
      await send("PUT", "/_faults", faults);
      const answers: number[] = [];
      for (let i = 0; i < 20; i++) answers.push((await chat()).status);
      return answers;
    };
    const half = { status: 500, ratio: 0.5, seed: 7 };
    const first = await statuses(half);
    expect(await statuses(half)).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect((await statuses({ status: 500, count: 2 })).filter((status) => status === 500)).toHaveLength(2);
  });

  test("unknown ones are refused, and all can be taken back", async () => {
    expect((await send("PUT", "/_faults", { explode: true })).status).toBe(400);
    await send("PUT", "/_faults", { status: 500 });
    await send("DELETE", "/_faults");
    expect((await chat()).status).toBe(200);
    expect((await send("GET", "/_faults")).text).toBe("null");
  });
});

test("its log counts what it served, by the caller's request id, and no more than its bound", async () => {
  await sandbox.stop();
  await start({ CALL_LOG_ENTRIES: "3" });
  for (let i = 0; i < 4; i++) await chat({ stream: i % 2 === 0 });
  const log = JSON.parse((await send("GET", "/_log")).text) as {
    totals: object;
    entries: { requestId: string; completed: boolean }[];
  };
  expect(log.entries).toHaveLength(3);
  expect(log.entries[0]).toMatchObject({ requestId: "req_1", completed: true, sentTokens: expect.any(Number) });
  expect(log.totals).toMatchObject({ calls: 3, completed: 3, aborted: 0 });
});
