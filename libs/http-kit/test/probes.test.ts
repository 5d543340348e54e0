import { afterEach, expect, test } from "@jest/globals";
import { createExpressApp } from "@topdog/http-kit/app";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { type Check, createHealth, mountProbes, mountStatusProbes, type Phase } from "@topdog/http-kit/probes";
import { closeServed, recordingLogger, serve } from "./served.ts";

afterEach(closeServed);

async function probes(
  checks: Record<string, Check>,
  phase: () => Phase = () => "serving",
  isPublic = false,
  features: Record<string, Check> = {},
) {
  const { logger, lines } = recordingLogger();
  const app = createExpressApp({ logger });
  const health = createHealth({ service: "quota", version: "1.2.3", checks, features, phase });
  if (isPublic) mountStatusProbes(app, health);
  else mountProbes(app, health);
  const origin = await serve(createHttpServer(app));
  const read = async (path: string) => {
    const answer = await fetch(`${origin}${path}`);
    return { status: answer.status, text: await answer.text(), type: answer.headers.get("content-type") };
  };
  return { read, lines };
}
const ok: Check = async () => undefined;

test("ready when every check passes; alive whatever the checks say", async () => {
  const { read, lines } = await probes({ database: ok, bus: ok });
  expect((await read("/readyz")).status).toBe(200);
  expect(JSON.parse((await read("/readyz")).text)).toEqual({ status: "ok", checks: { database: "ok", bus: "ok" } });
  expect(lines).toHaveLength(0);
});

test("a check that fails or hangs makes it unready within the cap, named but without the error's text", async () => {
  const failing: Check = () => {
    throw new Error("postgres://quota:hunter2@db");
  };
  const hanging: Check = () => new Promise(() => undefined);
  const { read } = await probes({ database: failing, bus: hanging, other: ok });
  const startedMs = performance.now();
  const { status, text } = await read("/readyz");
  expect(performance.now() - startedMs).toBeLessThan(5000);
  expect(status).toBe(503);
  expect(JSON.parse(text)).toEqual({ status: "failing", checks: { database: "failing", bus: "timeout", other: "ok" } });
  expect((await read("/livez")).status).toBe(200);
  expect((await read("/health")).status).toBe(200);
});

test("ready only while it serves: neither before all is started nor from the first moment of a drain", async () => {
  let phase: Phase = "starting";
  const { read } = await probes({ database: ok }, () => phase);
  expect((await read("/readyz")).status).toBe(503);
  expect((await read("/livez")).status).toBe(200);
  phase = "serving";
  expect((await read("/readyz")).status).toBe(200);
  phase = "draining";
  expect((await read("/readyz")).status).toBe(503);
  expect(JSON.parse((await read("/health")).text)).toMatchObject({
    service: "quota",
    version: "1.2.3",
    status: "draining",
  });
});

test("to everybody the probes tell a status and no checks", async () => {
  const failing: Check = () => Promise.reject(new Error("down"));
  const { read } = await probes({ database: failing }, () => "serving", true);
  const [livez, readyz, health] = await Promise.all(["/livez", "/readyz", "/health"].map(read));
  expect([livez?.status, JSON.parse(livez?.text ?? "")]).toEqual([200, { status: "ok" }]);
  expect([readyz?.status, JSON.parse(readyz?.text ?? "")]).toEqual([503, { status: "failing" }]);
  expect(JSON.parse(health?.text ?? "")).toEqual({ service: "quota", version: "1.2.3", status: "failing" });
});

test("a feature that is out of order is shown to operators, and leaves the rest ready", async () => {
  const broken: Check = () => Promise.reject(new Error("hunter2"));
  const { read } = await probes({ database: ok }, undefined, false, { selling: broken, reading: ok });
  expect((await read("/readyz")).status).toBe(200);
  const health = await read("/health");
  expect(JSON.parse(health.text)).toMatchObject({ status: "ok", features: { selling: "failing", reading: "ok" } });
  expect(health.text).not.toContain("hunter2");
  expect((await (await probes({}, undefined, true, { selling: broken })).read("/health")).text).not.toContain(
    "selling",
  );
});
