import { afterEach, describe, expect, test } from "@jest/globals";
import { request } from "undici";
import {
  chatCompletion,
  chatEvents,
  startFakeUpstream,
  type FakeReply,
  type FakeUpstream,
} from "../src/fake-upstream.ts";

let upstream: FakeUpstream | undefined;
afterEach(() => upstream?.close());

async function ask(reply: FakeReply, signal?: AbortSignal): Promise<{ status: number; text: string }> {
  upstream = await startFakeUpstream(() => reply);
  const options = {
    method: "POST",
    body: "question",
    reset: true,
    ...(signal === undefined ? {} : { signal }),
  } as const;
  const { statusCode, body } = await request(`${upstream.url}/v1/chat/completions`, options);
  return { status: statusCode, text: await body.text() };
}

describe("the fake upstream", () => {
  test("answers what it was told, and keeps what it was asked", async () => {
    const { status, text } = await ask({ status: 201, body: chatCompletion("hello") });
    expect([status, JSON.parse(text)]).toMatchObject([201, { choices: [{ message: { content: "hello" } }] }]);
    expect(upstream?.requests[0]).toMatchObject({ method: "POST", path: "/v1/chat/completions", body: "question" });
  });

  test("streams events to the end", async () => {
    const { text } = await ask({ events: chatEvents(["a", "b"]) });
    const lines = text.split("\n\n").filter((line) => line !== "");
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toBe("data: [DONE]");
  });

  test("cuts the connection before or after what it sends", async () => {
    await expect(ask({ cut: "at_once" })).rejects.toThrow("other side closed");
    await upstream?.close();
    await expect(ask({ events: ["half"], cut: "at_end" })).rejects.toThrow(/EOF|terminated|closed/);
  });

  test("hangs until the caller goes, and says that it went", async () => {
    await expect(ask({ events: ["one"], hang: true }, AbortSignal.timeout(100))).rejects.toThrow("aborted");
    await upstream?.requests[0]?.aborted;
  });
});
