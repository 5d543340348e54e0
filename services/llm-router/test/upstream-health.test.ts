import { describe, expect, test } from "@jest/globals";
import { providerStateChanged, type ProviderStateChanged } from "@topdog/contracts/events/provider-state-changed";
import { eventually } from "@topdog/testing/eventually";
import { chatBody, send } from "./router-rig.ts";
import { callsTo, errorOf, healthy, useRouters } from "./router-setting.ts";

const { nats, upstream, router } = useRouters();

describe("health", () => {
  test("a limit rests one upstream for the time that it asked for, and no breaker opens", async () => {
    const busy = await upstream(() => ({ status: 429, headers: { "retry-after": "30" }, body: {} }));
    const rig = await router([busy, await upstream(healthy)], { BREAKER_VOLUME: "1" });
    for (let i = 0; i < 6; i++) expect((await rig.call(chatBody())).status).toBe(200);
    expect(busy.requests).toHaveLength(1);
    expect(await rig.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(0);
  });

  test.each([429, 498, 503])(
    "a tier without room, which its caller chose, rests nobody and opens nothing: %i",
    async (status) => {
      const full = await upstream((request, index) =>
        request.body.includes("flex")
          ? { status, headers: { "retry-after": "30" }, body: {} }
          : healthy(request, index),
      );
      const rig = await router([full], { BREAKER_VOLUME: "1" });
      for (let i = 0; i < 4; i++) {
        const refused = await rig.call(chatBody({ service_tier: "flex" }));
        expect([refused.status, errorOf(refused.text).code]).toEqual([429, "upstream_rate_limited"]);
        expect(refused.headers["retry-after"]).toBe("30");
      }
      expect((await rig.call(chatBody())).status).toBe(200);
      expect(await rig.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(0);
    },
  );

  test("a failing upstream is left alone by its breaker, reported, tried once and taken back", async () => {
    const reports: ProviderStateChanged[] = [];
    const subscription = nats().bus.nc.subscribe(providerStateChanged.subject, {
      callback: (_error, message) => void reports.push(message.json()),
    });
    await nats().bus.nc.flush();
    let broken = true;
    const fake = await upstream((request, index) => (broken ? { status: 500, body: {} } : healthy(request, index)));
    const rig = await router([fake, await upstream(healthy)], { BREAKER_VOLUME: "2", BREAKER_RESET_MS: "300" });
    for (let i = 0; i < 10; i++) expect((await rig.call(chatBody({ stream: i % 2 === 0 }))).status).toBe(200);
    const asked = callsTo(fake).length;
    broken = false;
    await eventually(async () => {
      await rig.call(chatBody());
      expect(await rig.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(0);
    });
    const history = (): string => reports.map(({ state }) => state).join(" ");
    await eventually(() => expect(history()).toMatch(/^open( half_open open)* half_open closed$/));
    // Two failures, and what was asked while we asked ourselves.
    expect(asked).toBeLessThanOrEqual(5);
    expect(reports[0]).toMatchObject({ provider: "up-0", modelFamily: "sandbox", routerId: "router-1" });
    subscription.unsubscribe();
  });

  test("when every breaker is open the call is refused at once, with the time to wait", async () => {
    const fake = await upstream(() => ({ status: 500, body: {} }));
    const rig = await router([fake], { BREAKER_VOLUME: "1", BREAKER_RESET_MS: "30000" });
    await rig.call(chatBody());
    await eventually(async () => {
      expect(await rig.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(2);
    });
    const asked = fake.requests.length;
    const answer = await rig.call(chatBody());
    expect([answer.status, errorOf(answer.text).code]).toEqual([503, "upstream_resting"]);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    expect(fake.requests.length).toBe(asked);
    expect(await rig.usage(answer.seq)).toMatchObject({ refund: true, attempts: 0 });
    await eventually(async () => expect((await send(`${rig.url}/readyz`, { method: "GET" })).status).toBe(200));
  });

  test("one tenant whose calls alone fail takes the provider from nobody: each of them falls back", async () => {
    const poisoned = await upstream((request, index) =>
      request.body.includes("poison") ? { status: 500, body: {} } : healthy(request, index),
    );
    const rig = await router([poisoned, await upstream(healthy)], { BREAKER_VOLUME: "2" });
    for (let i = 0; i < 20; i++) expect((await rig.call(chatBody({ user: "poison" }))).status).toBe(200);
    expect(callsTo(poisoned).length).toBeGreaterThanOrEqual(9);
    expect(await rig.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(0);
  });

  test("what one router finds out spares the others: they ask no call of theirs to find it out again", async () => {
    const down = await upstream(() => ({ status: 500, body: {} }));
    const settings = { BREAKER_VOLUME: "1", BREAKER_RESET_MS: "600000" };
    const [first, second] = [await router([down], settings), await router([down], settings)];
    // Its usage is on the bus: it hears what is said there.
    await second.usage((await second.get("/v1/models")).seq);
    await first.call(chatBody());
    await eventually(async () => {
      expect(await second.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(2);
    });
    const refused = await second.call(chatBody());
    expect([errorOf(refused.text).code, refused.headers["x-topdog-attempts"]]).toEqual(["upstream_resting", "0"]);
  });

  test("a model that one provider does not have is asked of the next", async () => {
    const without = await upstream(() => ({
      status: 404,
      body: { error: { code: "model_not_found", message: "no" } },
    }));
    const rig = await router([without, await upstream(healthy)], { BREAKER_VOLUME: "1" });
    for (let i = 0; i < 4; i++) expect((await rig.call(chatBody())).status).toBe(200);
    expect(callsTo(without).length).toBeGreaterThanOrEqual(1);
    expect(await rig.metric('topdog_llm_router_breaker_state{upstream="up-0"')).toBe(0);
  });

  test("more calls than an upstream may hold go to the next one, and the places come back", async () => {
    const released = Promise.withResolvers<void>();
    const slow = await upstream(async (request, index) => {
      await released.promise;
      return healthy(request, index);
    });
    const rig = await router([slow, slow], { MAX_CALLS_PER_UPSTREAM: "2" });
    const statuses: number[] = [];
    const calls = Array.from({ length: 6 }, async () => statuses.push((await rig.call(chatBody())).status));
    await eventually(() => expect(statuses).toEqual([503, 503]));
    released.resolve();
    await Promise.all(calls);
    expect(statuses.slice(2)).toEqual([200, 200, 200, 200]);
    expect((await rig.call(chatBody())).status).toBe(200);
  });
});
