import { afterEach, describe, expect, test } from "@jest/globals";
import {
  chatCompletion,
  chatEvents,
  type FakeReply,
  type FakeUpstream,
  startFakeUpstream,
} from "@topdog/testing/fake-upstream";
import type {
  OpenCall,
  Provider,
  ProviderRequest,
  ProviderStream,
  StreamEnd,
} from "../src/clients/providers/provider.ts";

const request = (streamed: boolean): ProviderRequest => ({
  body: Buffer.from(JSON.stringify({ model: "m", messages: [], stream: streamed })),
  streamed,
  wantsUsage: false,
  requestId: "req_1",
  firstContentTimeoutMs: 200,
  interChunkTimeoutMs: 200,
  totalTimeoutMs: 5000,
});

function collect(stream: ProviderStream): Promise<StreamEnd & { text: string }> {
  return new Promise((resolve) => {
    let text = "";
    stream.attach({
      onEvents(bytes) {
        text += bytes.toString();
        return true;
      },
      onEnd: (end) => resolve({ ...end, text }),
    });
  });
}

/** What every provider's adapter must do, whatever the dialect behind it. */
export function describeProvider(name: string, connect: (url: string) => Provider): void {
  describe(`${name}, as a provider`, () => {
    const open: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const close of open.splice(0).toReversed()) await close();
    });

    async function call(reply: FakeReply, streamed: boolean): Promise<{ call: OpenCall; fake: FakeUpstream }> {
      const fake = await startFakeUpstream(() => reply);
      const provider = connect(fake.url);
      open.push(
        () => fake.close(),
        () => provider.close(),
      );
      return { call: provider.open(request(streamed)), fake };
    }
    const outcome = async (reply: FakeReply, streamed: boolean) => (await call(reply, streamed)).call.outcome;

    test("gives a plain answer whole, with its usage", async () => {
      const body = chatCompletion("hello");
      expect(await outcome({ body }, false)).toMatchObject({
        kind: "answer",
        body: Buffer.from(JSON.stringify(body)),
        usage: { promptTokens: 5, completionTokens: 7, estimated: false },
      });
    });

    test("gives a stream at its first content, its usage, and its end", async () => {
      const begun = await outcome({ events: chatEvents(["a", "b"]) }, true);
      if (begun.kind !== "stream") throw new Error(begun.kind);
      const { text, ...end } = await collect(begun.stream);
      expect(end).toEqual({
        complete: true,
        failure: null,
        usage: { promptTokens: 5, completionTokens: 7, estimated: false },
      });
      expect(text).toContain('"content":"b"');
      expect(text).not.toContain("[DONE]");
    });

    test.each([true, false])("calls nothing begun that gave no content (stream: %s)", async (streamed) => {
      const part = streamed ? { events: chatEvents(["a"]).slice(0, 1) } : { body: '{"choices":[' };
      const failures: Record<string, FakeReply> = {
        connect: { cut: "at_once" },
        timeout: { ...part, hang: true },
        broken: { ...part, cut: "at_end" },
        server_error: { status: 500, body: {} },
        overloaded: { status: 529, body: {} },
        credential: { status: 401, body: {} },
      };
      for (const [kind, reply] of Object.entries(failures)) {
        expect(await outcome(reply, streamed)).toMatchObject({ kind: "failure", failure: { kind } });
      }
    });

    test("passes on how long a limited upstream wants to rest", async () => {
      const limited = await outcome({ status: 429, headers: { "retry-after": "9" }, body: {} }, true);
      expect(limited).toEqual({ kind: "failure", failure: { kind: "rate_limited", retryAfterSeconds: 9 } });
    });

    test("gives the caller's own fault back", async () => {
      const refused = await outcome({ status: 422, body: { error: { message: "no", type: "t" } } }, true);
      expect(refused).toMatchObject({ kind: "refusal", status: 422 });
    });

    test("ends a stream that breaks later as failed, with what it gave", async () => {
      const begun = await outcome({ events: chatEvents(["a", "b"]).slice(0, 3), cut: "at_end" }, true);
      if (begun.kind !== "stream") throw new Error(begun.kind);
      expect(await collect(begun.stream)).toMatchObject({ complete: false, failure: { kind: "broken" }, usage: null });
    });

    test.each([true, false])("an abort reaches the upstream at once (stream: %s)", async (streamed) => {
      const { call: opened, fake } = await call({ hang: true }, streamed);
      while (fake.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      opened.abort();
      expect(await opened.outcome).toMatchObject({ kind: "failure", failure: { kind: "aborted" } });
      await fake.requests[0]!.aborted;
    });
  });
}
