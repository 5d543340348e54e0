import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import { samplesOf } from "@topdog/testing/dialect-samples";
import { dialectIds, type StreamReader } from "@topdog/dialects/dialect";
import { dialects, operations, streamingDialects } from "@topdog/dialects/dialects";

const sources = new URL("../src/", import.meta.url);

describe("the list of dialects", () => {
  test("is the folders, and each folder has every file; others in it are its own", () => {
    const folders = readdirSync(sources, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual(dialectIds.toSorted());
    expect(dialects.map(({ id }) => id).toSorted()).toEqual(dialectIds.toSorted());
    for (const { id, stream } of dialects) {
      const files = [`${id}.ts`, "request.ts", "answer.ts", ...(stream === null ? [] : ["stream.ts"])];
      expect(readdirSync(new URL(`${id}/`, sources))).toEqual(expect.arrayContaining(files));
    }
  });

  test("each has its own endpoint and addresses, all of them documented", () => {
    const endpoints = operations.map(({ endpoint }) => endpoint);
    expect(new Set(endpoints).size).toBe(endpoints.length);
    const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8")) as {
      paths: Record<string, Record<string, unknown>>;
    };
    for (const { method, paths } of operations) {
      for (const path of paths) {
        expect(document.paths[path.replaceAll(/:(\w+)/g, "{$1}")]).toHaveProperty(method.toLowerCase());
      }
    }
  });
});

describe.each(streamingDialects.map((dialect) => [dialect.id, dialect] as const))("%s", (_id, dialect) => {
  const samples = samplesOf(dialect);
  const requestOf = (streamed: boolean) => dialect.readRequest(Buffer.from(JSON.stringify(samples.request(streamed))));
  const newReader = (): StreamReader => requestOf(true).newStreamReader();
  const readAll = (reader: StreamReader, events: readonly string[]) =>
    events.map((event) => reader.read(Buffer.from(event), 0, Buffer.byteLength(event)));
  const parts = samples.stream(["a", "b"]);

  test("takes a request at list price, and none that costs a multiple of it", () => {
    const withTier = (tier: unknown) => () =>
      dialect.readRequest(Buffer.from(JSON.stringify({ ...samples.request(false), service_tier: tier })));
    for (const usual of ["auto", "default", null]) expect(withTier(usual)).not.toThrow();
    for (const dear of ["priority", "fast", 1, {}, "x".repeat(100)])
      expect(withTier(dear)).toThrow(expect.objectContaining({ code: "invalid_request", param: "service_tier" }));
  });

  test("reads the model and whether a stream is wanted", () => {
    expect(requestOf(false)).toMatchObject({ model: "sandbox-small", streamed: false });
    expect(requestOf(true)).toMatchObject({ model: "sandbox-small", streamed: true });
  });

  test("tells apart what a user sees, what only we asked for, and the end", () => {
    const reader = newReader();
    expect(readAll(reader, parts.opening)).toEqual(parts.opening.map(() => "opening"));
    expect(reader.contentEvents()).toBe(0);
    expect(readAll(reader, parts.content)).toEqual(["content", "content"]);
    readAll(reader, parts.finish);
    expect(readAll(reader, parts.usage)).toEqual(parts.usage.map(() => "withheld"));
    expect(readAll(reader, [parts.end])).toEqual(["end"]);
    expect(reader.usage()).toEqual({ promptTokens: 5, completionTokens: 7, estimated: false });
    const { endEvent } = dialect.stream;
    if (endEvent !== null) expect(readAll(newReader(), [endEvent])).toEqual(["end"]);
  });

  test("a stream that broke ends with an error that no reader takes for content or an end", () => {
    const event = dialect.stream.errorEvent(new AppError("upstream_timeout"));
    expect(readAll(newReader(), [event])).toEqual(["error"]);
  });

  test("a keep-alive means nothing to a reader", () => {
    expect(readAll(newReader(), [dialect.stream.keepAlive])).toEqual(["comment"]);
  });

  test("an answer's usage is found, and nothing else is taken for an answer", () => {
    expect(dialect.readAnswer(Buffer.from(JSON.stringify(samples.answer("x"))))).toEqual({
      usage: { promptTokens: 5, completionTokens: 7, estimated: false },
    });
    for (const text of ["", "{", "7", "null", "[]", "{}"]) expect(dialect.readAnswer(Buffer.from(text))).toBeNull();
  });
});

test("a message at another speed or place than the list price's is refused", () => {
  const messages = dialects.find(({ id }) => id === "anthropic-messages")!;
  const asked = { model: "m", max_tokens: 5, messages: [{ role: "user", content: "hi" }] };
  const reading = (extra: object) => () => messages.readRequest(Buffer.from(JSON.stringify({ ...asked, ...extra })));
  expect(reading({ speed: "standard", inference_geo: "global" })).not.toThrow();
  expect(reading({ speed: null })).not.toThrow();
  expect(reading({ speed: "fast" })).toThrow(expect.objectContaining({ param: "speed" }));
  expect(reading({ inference_geo: "us" })).toThrow(expect.objectContaining({ param: "inference_geo" }));
});
