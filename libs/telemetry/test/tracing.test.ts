import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parseTraceparent } from "@topdog/telemetry/traceparent";
import {
  activeTraceparent,
  extractTraceContext,
  injectTraceparent,
  inSpan,
  startHotSpan,
  startPublicSpan,
  startTracing,
  type Tracing,
} from "@topdog/telemetry/tracing";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly status?: { readonly code?: number };
  readonly links?: readonly { readonly traceId: string }[];
  readonly attributes?: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}
interface OtlpBody {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const sampled = `00-${traceId}-00f067aa0ba902b7-01`;
const unsampled = `00-${traceId}-00f067aa0ba902b7-00`;

const received: Span[] = [];
const collector = createServer((req, res) => {
  const keep = async (): Promise<void> => {
    const body = (await json(req)) as OtlpBody;
    received.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
    res.end("{}");
  };
  void keep();
});
let tracing: Tracing;

beforeAll(async () => {
  expect(startHotSpan("before the start", sampled)).toBeNull();
  await new Promise<void>((resolve) => void collector.listen(0, "127.0.0.1", resolve));
  const { port } = collector.address() as AddressInfo;
  tracing = await startTracing({ service: "sample", otlpEndpoint: `http://127.0.0.1:${port}/` });
});

afterAll(() => {
  collector.closeAllConnections();
  collector.close();
});

test("an unsampled request has no hot span; a sampled one has one that continues its trace", () => {
  expect(startHotSpan("unsampled", unsampled)).toBeNull();
  const span = startHotSpan("hot", sampled);
  expect(parseTraceparent(span?.traceparent)).toMatchObject({ traceId, sampled: true });
  expect(span?.traceparent).not.toBe(sampled);
  span?.setAttribute("http.response.status_code", 502);
  span?.end(new Error("upstream"));
  span?.end();
});

test("a stranger's request begins a trace of ours that links to theirs, whatever its flag says", () => {
  for (const incoming of [sampled, unsampled]) {
    const span = startPublicSpan("public", incoming);
    expect(parseTraceparent(span?.traceparent)).toMatchObject({ sampled: true });
    expect(parseTraceparent(span?.traceparent)?.traceId).not.toBe(traceId);
    span?.end();
  }
});

test("work in a span sees it as active, messages carry it on, and a consumer links to its producer", async () => {
  expect(activeTraceparent()).toBeUndefined();
  const headers: Record<string, string> = {};
  await inSpan("produce", { kind: "producer", parent: sampled }, async () => injectTraceparent(headers));
  expect(parseTraceparent(headers["traceparent"])?.traceId).toBe(traceId);
  expect(extractTraceContext(headers)).not.toBe(extractTraceContext({}));
  const failing = inSpan("consume", { kind: "consumer", links: [headers["traceparent"]] }, async () => {
    expect(parseTraceparent(activeTraceparent())?.traceId).not.toBe(traceId);
    throw new Error("broken");
  });
  await expect(failing).rejects.toThrow("broken");
});

test("no secret and no query leaves in a span's attributes", async () => {
  const attributes = {
    "url.query": "cursor=hunter2",
    "url.full": "http://host/path?token=hunter2",
    "http.request.header.authorization": ["Bearer hunter2hunter2"],
    "http.request.header.x-api-key": ["hunter2-of-no-known-look"],
    "http.response.header.set-cookie": ["sid=hunter2; HttpOnly", "csrf=hunter2"],
    request: { body: { password: "hunter2", tries: 2 }, sent: [["Bearer hunter2hunter2"]] },
    "db.query.text": "select 1",
    "app.tries": 2,
  };
  await inSpan("queried", { kind: "client", attributes }, async () => undefined);
});

test("what was recorded is delivered at the shutdown", async () => {
  await tracing.shutdown();
  expect(received.map(({ name }) => name).toSorted()).toEqual([
    "consume",
    "hot",
    "produce",
    "public",
    "public",
    "queried",
  ]);
  const named = (name: string) => received.find((span) => span.name === name);
  expect(named("hot")).toMatchObject({ traceId, parentSpanId: "00f067aa0ba902b7", status: { code: 2 } });
  expect(named("public")).toMatchObject({ links: [{ traceId }] });
  expect(JSON.stringify(received)).not.toContain("hunter2");
  const texts = named("queried")?.attributes?.map(({ key, value }) => [key, value.stringValue]);
  const tries = named("queried")?.attributes?.find(({ key }) => key === "app.tries");
  expect(tries).toMatchObject({ value: { intValue: 2 } });
  expect(texts).toContainEqual(["url.full", "http://host/path"]);
  expect(texts).toContainEqual(["db.query.text", "select 1"]);
  expect(named("consume")).toMatchObject({ links: [{ traceId }], status: { code: 2 } });
});
