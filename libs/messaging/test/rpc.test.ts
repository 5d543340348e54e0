import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import { AppError } from "@topdog/errors/app-error";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import type { Bus } from "../src/connect.ts";
import { callRpc, serveRpc, type ServeRpcOptions } from "../src/rpc.ts";

let nats: TestNats;
let registry: Bus;
let gateway: Bus;
let servers: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  nats = await testNats();
  [registry, gateway] = await Promise.all([nats.busOf("org-registry"), nats.busOf("gateway")]);
});
afterAll(() => nats.stop());
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

const request = { keyHash: "ab".repeat(32) };
type Handle = ServeRpcOptions<typeof request, { principal: null }>["handle"];

async function serve(handle: Handle, maxInFlight = 10): Promise<void> {
  servers.push(serveRpc(registry, resolvePrincipal, { handle, maxInFlight, logger: silentLogger() }));
  await registry.nc.flush();
}
const call = (timeoutMs = 30_000, traceparent?: string): Promise<unknown> =>
  callRpc(gateway, resolvePrincipal, request, { timeoutMs, traceparent });

describe("rpc", () => {
  test("answers a question, with the caller's trace context", async () => {
    let seen: unknown;
    await serve(async (question, meta) => {
      seen = [question, meta.traceparent];
      return { principal: null };
    });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    expect(await call(30_000, traceparent)).toEqual({ principal: null });
    expect(seen).toEqual([request, traceparent]);
  });

  test("the instances of a queue share the questions: each is answered by one", async () => {
    const counts = [0, 0];
    for (const index of [0, 1]) {
      await serve(async () => {
        counts[index] = (counts[index] ?? 0) + 1;
        return { principal: null };
      }, 100);
    }
    await Promise.all(Array.from({ length: 40 }, () => call()));
    expect([counts.reduce((a, b) => a + b), counts.every((count) => count > 0)]).toEqual([40, true]);
  });

  test("carries a handler's AppError to the caller, and nothing of any other error", async () => {
    await serve(async () => {
      throw new AppError("forbidden", { detail: "not yours" });
    });
    await expect(call()).rejects.toMatchObject({ code: "forbidden", detail: "not yours" });
    await servers.pop()?.stop();
    await serve(async () => {
      throw new Error("password=hunter2");
    });
    await expect(call()).rejects.toMatchObject({
      code: "internal_error",
      detail: expect.not.stringContaining("hunter2"),
    });
  });

  test("a handler whose database went away says so, and that it passes", async () => {
    await serve(async () => {
      throw Object.assign(new Error("terminating connection due to administrator command"), { code: "57P01" });
    });
    await expect(call()).rejects.toMatchObject({ code: "storage_unavailable", retryAfterSeconds: 1 });
  });

  test("checks the question where it is asked and where it is answered, and the answer too", async () => {
    await serve(async () => ({ principal: 7 }) as unknown as { principal: null });
    await expect(callRpc(gateway, resolvePrincipal, { keyHash: "x" }, { timeoutMs: 500 })).rejects.toThrow("keyHash");
    const raw = await gateway.nc.request(resolvePrincipal.subject, JSON.stringify({ keyHash: "x" }));
    expect(raw.json()).toMatchObject({ error: { code: "invalid_request" } });
    await expect(call()).rejects.toMatchObject({ code: "internal_error" });
    const garbage = await gateway.nc.request(resolvePrincipal.subject, "not json");
    expect(garbage.json()).toMatchObject({ error: { code: "invalid_request" } });
  });

  test("refuses at once what it cannot work on", async () => {
    const release = Promise.withResolvers<undefined>();
    let begun = 0;
    await serve(async () => {
      begun += 1;
      await release.promise;
      return { principal: null };
    }, 2);
    const held = [call(20_000), call(20_000)];
    await eventually(() => expect(begun).toBe(2));
    await expect(call()).rejects.toMatchObject({ code: "overloaded" });
    release.resolve(undefined);
    expect(await Promise.all(held)).toEqual([{ principal: null }, { principal: null }]);
  });

  test("nobody there, or no answer in time, is temporary_reduced_capacity", async () => {
    await expect(call(5_000)).rejects.toMatchObject({ code: "temporary_reduced_capacity" });
    const late = Promise.withResolvers<{ principal: null }>();
    await serve(() => late.promise);
    await expect(call(100)).rejects.toMatchObject({ code: "temporary_reduced_capacity" });
    late.resolve({ principal: null });
  });

  test("an idempotent question that gets no answer is asked again within the deadline, any other is not", async () => {
    const hang = Promise.withResolvers<{ principal: null }>();
    let asked = 0;
    await serve(() => {
      asked += 1;
      return asked === 1 ? hang.promise : Promise.resolve({ principal: null });
    });
    expect(await call(12_000)).toEqual({ principal: null });
    // On a machine that is too busy to answer the second one within 200 ms, a third one is asked.
    expect(asked).toBeGreaterThan(1);
    hang.resolve({ principal: null });
    await servers.pop()?.stop();
    const never = Promise.withResolvers<{ principal: null }>();
    asked = 0;
    await serve(() => {
      asked += 1;
      return never.promise;
    });
    const once = { ...resolvePrincipal, idempotent: false };
    const unanswered = callRpc(gateway, once, request, { timeoutMs: 1_000 });
    await expect(unanswered).rejects.toMatchObject({ code: "temporary_reduced_capacity" });
    expect(asked).toBe(1);
    never.resolve({ principal: null });
  });

  test("of two instances of which one hangs: every question is answered within its deadline", async () => {
    const hung = registry.nc.subscribe(resolvePrincipal.subject, {
      queue: resolvePrincipal.owner,
      callback: () => undefined,
    });
    await serve(async () => ({ principal: null }), 200);
    const answers = await Promise.all(Array.from({ length: 200 }, () => call(6_000)));
    expect(answers).toEqual(Array.from({ length: 200 }, () => ({ principal: null })));
    await hung.drain();
  });

  test("a stop answers what is in hand, also when nobody hears the question's further attempts", async () => {
    const begun = Promise.withResolvers<void>();
    await serve(() => {
      begun.resolve();
      return sleep(600, { principal: null });
    });
    const held = call(10_000);
    await begun.promise;
    await servers.pop()?.stop();
    expect(await held).toEqual({ principal: null });
  });

  test("a question in flight when the bus dies fails at once, and after the restart questions are answered again", async () => {
    const begun = Promise.withResolvers<void>();
    await serve(() => {
      begun.resolve();
      return sleep(300, { principal: null });
    });
    const from = performance.now();
    const lost = call(10_000);
    await begun.promise;
    await Promise.all([nats.kill9(), expect(lost).rejects.toMatchObject({ code: "temporary_reduced_capacity" })]);
    await expect(call(10_000)).rejects.toMatchObject({ code: "temporary_reduced_capacity" });
    expect(performance.now() - from).toBeLessThan(8_000);
    await nats.restart();
    await eventually(async () => expect(await call()).toEqual({ principal: null }));
  });
});
