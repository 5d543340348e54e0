import { describe, expect, test } from "@jest/globals";
import { chatEvents } from "@topdog/testing/fake-upstream";
import { chatBody } from "./router-rig.ts";
import { errorOf, useRouters } from "./router-setting.ts";

const { upstream, router } = useRouters();
const patience = { KEEP_ALIVE_MS: "80" };
const streamed = chatBody({ stream: true });
const beats = (text: string): number => text.split(": keep-alive\n\n").length - 1;

describe("a stream that nobody has begun yet", () => {
  test("is kept open by comments, and its answer follows whole, with what its headers could not say", async () => {
    const rig = await router(
      [await upstream(() => ({ events: chatEvents(["hello"]), firstByteDelayMs: 1_000 }))],
      patience,
    );
    const answer = await rig.call(streamed);
    expect([answer.status, answer.headers["x-topdog-provider"], answer.events.at(-1)]).toEqual([
      200,
      undefined,
      "[DONE]",
    ]);
    expect(answer.text).toMatch(/^: keep-alive\n\n/);
    expect(beats(answer.text)).toBeGreaterThan(1);
    expect(answer.text).toContain(": x-topdog-provider: up-0\n: x-topdog-model: sandbox-small\n");
    expect(answer.text).toMatch(/: x-topdog-cost-usd: 0\.\d+\n\ndata: \[DONE\]\n\n$/);
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "ok", refund: false, estimated: false });
  });

  test("still goes on to another upstream, and none of the first one's answer is in it", async () => {
    const [silent, other] = await Promise.all([
      upstream(() => ({ events: chatEvents(["no"]).slice(0, 1), hang: true })),
      upstream(() => ({ events: chatEvents(["yes"]) })),
    ]);
    const rig = await router([silent, other], { ...patience, FIRST_CONTENT_TIMEOUT_MS: "600" });
    const answers = [await rig.call(streamed), await rig.call(streamed)];
    const late = answers.find(({ text }) => beats(text) > 0)!;
    expect([late.status, late.events.at(-1), late.text.includes('"yes"')]).toEqual([200, "[DONE]", true]);
    expect(late.events.filter((event) => event.includes('"role"'))).toHaveLength(1);
  });

  test("ends with an error event and no end where nobody answers, and costs nothing", async () => {
    const rig = await router([await upstream(() => ({ status: 500, body: {}, firstByteDelayMs: 500 }))], patience);
    const answer = await rig.call(streamed);
    expect([answer.status, answer.cut, answer.events.length]).toEqual([200, false, 1]);
    expect(errorOf(answer.events[0]!).code).toBe("upstream_failed");
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "failed", refund: true });
  });

  test("says so within the stream where the provider refuses the request", async () => {
    const error = { message: "top_p is wrong", type: "invalid_request_error", param: "top_p", code: null };
    const rig = await router(
      [await upstream(() => ({ status: 400, body: { error }, firstByteDelayMs: 500 }))],
      patience,
    );
    const answer = await rig.call(streamed);
    expect(errorOf(answer.events[0]!)).toMatchObject({ code: "invalid_request", param: "top_p" });
    expect(answer.text).toContain("top_p is wrong");
    expect(await rig.usage(answer.seq)).toMatchObject({ outcome: "rejected", refundsLlmRequest: true });
  });

  test("that its caller leaves is given up at once, and charged for the prompt that was read", async () => {
    const fake = await upstream(() => ({ hang: true }));
    const rig = await router([fake], patience);
    const answer = await rig.call(streamed, { abortAfterBytes: 10 });
    await fake.requests[0]!.aborted;
    expect(await rig.usage(answer.seq)).toMatchObject({
      outcome: "client_closed",
      refund: false,
      refundsLlmRequest: true,
    });
  });

  test("a plain call gets its status whatever it takes", async () => {
    const rig = await router([await upstream(() => ({ status: 500, body: {}, firstByteDelayMs: 200 }))], patience);
    expect((await rig.call(chatBody())).status).toBe(502);
  });
});
