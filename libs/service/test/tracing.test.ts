import { afterEach, expect, test } from "@jest/globals";
import { startFixture, type FixtureProcess } from "./child.ts";
import { startOtlpReceiver } from "./otlp-receiver.ts";

const app = new URL("fixtures/traced-app.ts", import.meta.url);
const instrumentation = new URL("fixtures/instrumentation.ts", import.meta.url);
const started: FixtureProcess[] = [];
const receivers: Awaited<ReturnType<typeof startOtlpReceiver>>[] = [];
afterEach(async () => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function startApp(env: Record<string, string>) {
  const fixture = startFixture(app, { nodeArgs: ["--import", instrumentation.href], env });
  started.push(fixture);
  const { port } = await fixture.line("listening");
  return { fixture, origin: `http://127.0.0.1:${String(port)}` };
}

test("a service started as in production exports an express span, in the caller's trace, before it exits", async () => {
  const receiver = await startOtlpReceiver();
  receivers.push(receiver);
  const { fixture, origin } = await startApp({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const answer = await fetch(`${origin}/things/7`, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  expect(await answer.json()).toEqual({ id: "7" });

  fixture.child.kill("SIGTERM");
  expect(await fixture.exited()).toBe(0);
  const express = receiver.spans.filter(({ scope }) => scope === "@opentelemetry/instrumentation-express");
  const routes = express.flatMap(({ attributes }) => attributes.filter(({ key }) => key === "http.route"));
  expect(routes.map(({ value }) => value.stringValue)).toContain("/things/:id");
  for (const span of receiver.spans) expect(span).toMatchObject({ traceId, service: "traced-app" });
});

test("without an endpoint nothing of the SDK is loaded and the service runs the same", async () => {
  const { fixture, origin } = await startApp({});
  expect((await fetch(`${origin}/things/7`)).status).toBe(200);
  fixture.child.kill("SIGTERM");
  expect(await fixture.exited()).toBe(0);
});
