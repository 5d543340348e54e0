import { beforeAll, describe, expect, test } from "@jest/globals";
import OpenAI, { APIError, AuthenticationError, BadRequestError, NotFoundError } from "openai";
import type { Platform } from "../platform.ts";
import { rawCall } from "../raw-call.ts";
import { ledgerOf, waitForLedger } from "../ledger.ts";

const hello = { model: "sandbox-small", messages: [{ role: "user" as const, content: "Say hello to the team" }] };

const rateLimitHeaders = [
  "ratelimit",
  "ratelimit-policy",
  "x-ratelimit-limit-requests",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-reset-requests",
  "x-ratelimit-source",
  "x-byok-scope",
  "x-byok-used",
  "x-byok-capacity",
] as const;

function expectMeteredHeaders(headers: Headers | Record<string, string | string[] | undefined>): void {
  const get = (name: string): unknown => (headers instanceof Headers ? headers.get(name) : headers[name]);
  for (const name of rateLimitHeaders) expect([name, get(name)]).toEqual([name, expect.any(String)]);
  expect(get("x-request-id")).toEqual(expect.any(String));
}

/** OpenAI's package with only `baseURL` and `apiKey` changed: completions, embeddings, models. */
export function tellOfOpenAiChat(platform: () => Platform): void {
  let client: OpenAI;
  beforeAll(() => {
    client = new OpenAI({ baseURL: `${platform().gatewayUrl}/v1`, apiKey: platform().demo.userKey, maxRetries: 0 });
  });

  describe("the official openai package with only baseURL and apiKey changed", () => {
    test("a non-streaming completion has the SDK's shape, says where it was charged and stands in the ledger once", async () => {
      const { data, response } = await client.chat.completions.create(hello).withResponse();
      expect(response.headers.get("x-topdog-cost-usd")).toMatch(/^0\.0\d+$/);

      expect(data.object).toBe("chat.completion");
      expect(data.model).toMatch(/^sandbox-/);
      expect(data.choices[0]?.message.role).toBe("assistant");
      expect(data.choices[0]?.message.content?.length).toBeGreaterThan(0);
      expect(data.choices[0]?.finish_reason).toBe("stop");
      const usage = data.usage;
      expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
      expectMeteredHeaders(response.headers);
      expect(response.headers.get("x-ratelimit-source")).toBe("personal");

      const requestId = response.headers.get("x-request-id") ?? "";
      const [row] = await waitForLedger(platform(), requestId);
      expect(row).toMatchObject({
        outcome: "ok",
        prompt_tokens: usage?.prompt_tokens,
        completion_tokens: usage?.completion_tokens,
        estimated: false,
      });
      expect(await ledgerOf(platform(), requestId)).toHaveLength(1);
    });

    test("a stream without include_usage ends without a usage chunk, yet its exact tokens are in the ledger", async () => {
      const { data: stream, response } = await client.chat.completions
        .create({ ...hello, stream: true })
        .withResponse();
      let text = "";
      let usageChunks = 0;
      let finish: string | null = null;
      for await (const chunk of stream) {
        expect(chunk.object).toBe("chat.completion.chunk");
        expect(chunk.model).toMatch(/^sandbox-/);
        if (chunk.usage) usageChunks++;
        text += chunk.choices[0]?.delta.content ?? "";
        finish = chunk.choices[0]?.finish_reason ?? finish;
      }
      expect(text.length).toBeGreaterThan(0);
      expect(finish).toBe("stop");
      expect(usageChunks).toBe(0);
      expectMeteredHeaders(response.headers);

      const [row] = await waitForLedger(platform(), response.headers.get("x-request-id") ?? "");
      expect(row).toMatchObject({ outcome: "ok", estimated: false, streamed: true });
      expect(Number(row?.completion_tokens)).toBeGreaterThan(0);
    });

    test("a stream with include_usage ends with one usage chunk that equals the ledger", async () => {
      const { data: stream, response } = await client.chat.completions
        .create({ ...hello, stream: true, stream_options: { include_usage: true } })
        .withResponse();
      let usage: OpenAI.CompletionUsage | undefined;
      let lastHadChoices = true;
      for await (const chunk of stream) {
        lastHadChoices = chunk.choices.length > 0;
        if (chunk.usage) usage = chunk.usage;
      }
      expect(lastHadChoices).toBe(false);
      const [row] = await waitForLedger(platform(), response.headers.get("x-request-id") ?? "");
      expect(row).toMatchObject({ prompt_tokens: usage?.prompt_tokens, completion_tokens: usage?.completion_tokens });
    });

    test("the SDK's own stream helper accumulates the same answer as the plain call", async () => {
      const plain = await client.chat.completions.create(hello);
      const streamed = await client.chat.completions.stream(hello).finalChatCompletion();
      expect(streamed.choices[0]?.message.content).toBe(plain.choices[0]?.message.content);
    });

    test("tools pass through both ways", async () => {
      const answer = await client.chat.completions.create({
        model: "sandbox-small",
        messages: [{ role: "user", content: "What is the weather in Oslo?" }],
        tools: [
          {
            type: "function",
            function: {
              name: "get_weather",
              parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
            },
          },
        ],
        tool_choice: "required",
      });
      expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
      const call = answer.choices[0]?.message.tool_calls?.[0];
      expect(call?.type === "function" && call.function.name).toBe("get_weather");
      expect(() => JSON.parse(call?.type === "function" ? call.function.arguments : "")).not.toThrow();
    });

    test("models.list names the models that completions accept, and costs nothing of the day", async () => {
      const { data, response } = await client.models.list().withResponse();
      const ids = data.data.map((model) => model.id);
      expect(ids).toContain("sandbox-small");
      expect(data.data[0]?.object).toBe("model");
      expect(response.headers.get("x-topdog-charged")).toBe("none");
      expect(response.headers.get("ratelimit-policy")).toContain("free-calls");
      const one = await client.models.retrieve("sandbox-small");
      expect(one).toMatchObject({ id: "sandbox-small", context_length: 128_000, max_output_tokens: 16_384 });
      expect(one).toMatchObject({ pricing: { currency: "USD", input: 0.15, output: 0.6 } });
      expect(one).toMatchObject({ abilities: expect.arrayContaining(["tools"]), owned_by: "topdog-sandbox" });
    });

    test("embeddings are vectors of the asked length, near for texts that share words, and their tokens are charged", async () => {
      const input = ["the cat sat on the mat", "on the mat the cat sat", "quarterly revenue grew"];
      const asked = { model: "sandbox-embedding", input, dimensions: 64 };
      const { data, response } = await client.embeddings.create(asked).withResponse();
      const [cat, same, other] = data.data.map(({ embedding }) => embedding) as [number[], number[], number[]];
      const near = (a: number[], b: number[]): number => a.reduce((sum, one, index) => sum + one * (b[index] ?? 0), 0);
      expect(data.data.map(({ embedding }) => embedding.length)).toEqual([64, 64, 64]);
      expect(near(cat, same)).toBeCloseTo(1, 3);
      expect(near(cat, other)).toBeLessThan(0.8);
      const floats = await client.embeddings.create({ ...asked, encoding_format: "float" });
      expect(floats.data[0]?.embedding[0]).toBeCloseTo(cat[0] ?? 0, 5);
      expectMeteredHeaders(response.headers);
      const [row] = await waitForLedger(platform(), response.headers.get("x-request-id") ?? "");
      expect(row).toMatchObject({ endpoint: "embeddings", outcome: "ok", estimated: false, completion_tokens: 0 });
      expect(row).toMatchObject({ prompt_tokens: data.usage.prompt_tokens });
      const nanoUsd = data.usage.prompt_tokens * 20;
      expect(response.headers.get("x-topdog-cost-usd")).toBe(`0.${String(nanoUsd).padStart(9, "0")}`);
    });

    test("a model is called only at the addresses that it has", async () => {
      const chat = await client.embeddings.create({ model: "sandbox-small", input: "x" }).catch((e: unknown) => e);
      expect(chat).toBeInstanceOf(NotFoundError);
      const vectors = await client.chat.completions
        .create({ ...hello, model: "sandbox-embedding" })
        .catch((e: unknown) => e);
      expect(vectors).toBeInstanceOf(NotFoundError);
    });

    test("a wrong key is an AuthenticationError with a request id and costs nothing", async () => {
      const wrong = new OpenAI({
        baseURL: `${platform().gatewayUrl}/v1`,
        apiKey: `td_${"A".repeat(49)}`,
        maxRetries: 0,
      });
      const error = await wrong.chat.completions.create(hello).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AuthenticationError);
      expect((error as APIError).code).toBe("invalid_api_key");
      expect((error as APIError).requestID).toEqual(expect.any(String));
    });

    test("an unknown model is a NotFoundError that names it, with the rate-limit headers", async () => {
      const error = await client.chat.completions
        .create({ ...hello, model: "no-such-model" })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(NotFoundError);
      expect((error as APIError).code).toBe("model_not_found");
      expect((error as APIError).message).toContain("no-such-model");
      expectMeteredHeaders((error as APIError).headers as Headers);
    });

    test("a request without messages is a BadRequestError that names the parameter", async () => {
      const error = await client.chat.completions
        .create({ model: "sandbox-small" } as OpenAI.ChatCompletionCreateParamsNonStreaming)
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BadRequestError);
      expect((error as APIError).param).toBe("messages");
    });

    test("malformed JSON and a body over the limit are OpenAI-shaped errors with a request id", async () => {
      const headers = { authorization: `Bearer ${platform().demo.userKey}`, "content-type": "application/json" };
      const malformed = await rawCall(platform(), "/v1/chat/completions", {
        headers,
        body: '{"model": "sandbox-small", ',
      });
      expect(malformed.status).toBe(400);
      expect(malformed.json).toMatchObject({ error: { type: "invalid_request_error", message: expect.any(String) } });
      expectMeteredHeaders(malformed.headers);

      const huge = await rawCall(platform(), "/v1/chat/completions", {
        headers,
        body: Buffer.alloc(11 * 1024 * 1024, 32),
      });
      expect(huge.status).toBe(413);
      expect(huge.json).toMatchObject({ error: { code: "payload_too_large" } });
      expect(huge.headers["x-request-id"]).toEqual(expect.any(String));
    });

    test("a client that leaves mid-stream is charged for what was produced, and the provider is told to stop", async () => {
      const { data: stream, response } = await client.chat.completions
        .create({
          model: "sandbox-large",
          max_tokens: 400,
          messages: [{ role: "user", content: "Count for a long time" }],
          stream: true,
        })
        .withResponse();
      let chunks = 0;
      for await (const chunk of stream) {
        if (chunk.choices[0]?.delta.content && ++chunks === 3) break;
      }
      const [row] = await waitForLedger(platform(), response.headers.get("x-request-id") ?? "");
      expect(row).toMatchObject({ outcome: "client_closed", estimated: true });
      expect(Number(row?.completion_tokens)).toBeLessThan(100);
    });

    test("a provider that stalls before its first content is left for the other without the client seeing it", async () => {
      await platform().setFault(0, { errorEventAtStart: true });
      const texts: string[] = [];
      for (let call = 0; call < 4; call += 1) {
        const stream = await client.chat.completions.create({ ...hello, stream: true });
        let text = "";
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
        texts.push(text);
      }
      await platform().setFault(0, null);
      expect(new Set(texts).size).toBe(1);
      expect(texts[0]?.length).toBeGreaterThan(0);
    });

    test("a stream that is cut after output ends with the dialect's own error, never with another answer's tokens", async () => {
      await platform().setFault(0, { cutAfterChunks: 4 });
      await platform().setFault(1, { cutAfterChunks: 4 });
      const stream = await client.chat.completions.create({ ...hello, stream: true });
      const read = async (): Promise<number> => {
        let chunks = 0;
        for await (const chunk of stream) chunks += chunk.choices.length;
        return chunks;
      };
      await expect(read()).rejects.toBeInstanceOf(APIError);
      await platform().setFault(0, null);
      await platform().setFault(1, null);
    });
  });

  describe("the caller's own numbers", () => {
    test("/api/limits and /api/usage show what was charged, to its caller only", async () => {
      const asUser = { authorization: `Bearer ${platform().demo.userKey}` };
      const limits = await rawCall(platform(), "/api/limits", { headers: asUser });
      expect(limits.status).toBe(200);
      expect(JSON.stringify(limits.json)).toContain("personal");

      const other = await rawCall(platform(), "/api/usage", {
        headers: { authorization: `Bearer ${platform().demo.teamsMemberKey}` },
      });
      expect(other.status).toBe(200);
      expect(JSON.stringify(other.json)).not.toContain("sandbox-small");
      const own = await rawCall(platform(), "/api/usage", { headers: asUser });
      expect(JSON.stringify(own.json)).toContain("sandbox-small");
    });

    test("/consistency/sli shows metering consistency of 1 from real rows", async () => {
      const headers = { authorization: `Bearer ${platform().operatorToken}` };
      const sli = await rawCall(platform(), "/consistency/sli", { headers });
      expect(sli.status).toBe(200);
      expect((await rawCall(platform(), "/consistency/sli", {})).status).toBe(404);
      expect(JSON.stringify(sli.json)).toMatch(/metering/);
    });
  });
}
