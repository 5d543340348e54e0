import { afterEach, describe, expect, test } from "@jest/globals";
import type { StreamingDialect as Dialect } from "@topdog/dialects/dialect";
import { streamingDialects as dialects } from "@topdog/dialects/dialects";
import { samplesOf } from "@topdog/testing/dialect-samples";
import { type FakeReply, type FakeUpstream, startFakeUpstream } from "@topdog/testing/fake-upstream";
import { createOpenAiCompatibleProvider } from "../src/clients/providers/openai-compatible/provider.ts";
import { readRefusal } from "../src/clients/providers/openai-compatible/refusal.ts";
import type { AttemptOutcome } from "../src/clients/providers/provider.ts";
import { inEveryDialect } from "../src/clients/translated-provider.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

interface Exchange {
  readonly outcome: AttemptOutcome;
  readonly fake: FakeUpstream;
}

async function exchange(caller: Dialect, provider: Dialect, reply: FakeReply, request: object): Promise<Exchange> {
  const fake = await startFakeUpstream(() => reply);
  const options = { maxConnections: 2, connectTimeoutMs: 1000, mayConnectTo: () => true, baseUrl: `${fake.url}/v1` };
  const translated = inEveryDialect(createOpenAiCompatibleProvider(options, { native: [provider.id], readRefusal }));
  open.push(
    () => fake.close(),
    () => translated.close(),
  );
  expect(translated.dialects).toContain(caller.id);
  const read = caller.readRequest(Buffer.from(JSON.stringify(request)));
  const timeouts = { firstContentTimeoutMs: 2000, interChunkTimeoutMs: 2000, totalTimeoutMs: 9000 };
  const call = { format: caller, request: read, requestId: "req_1", headers: ["anthropic-beta", "x"], ...timeouts };
  return { outcome: await translated.open(call, null).outcome, fake };
}

function textOf(outcome: AttemptOutcome): Promise<{ text: string; isWhole: boolean }> {
  if (outcome.kind !== "stream") throw new Error(JSON.stringify(outcome));
  return new Promise((resolve) => {
    let text = "";
    outcome.stream.attach({
      onEvents(bytes) {
        text += bytes.toString();
        return true;
      },
      onEnd: ({ endEvent }) => resolve({ text: text + String(endEvent ?? ""), isWhole: endEvent !== null }),
    });
  });
}

const pairs = dialects
  .filter(({ inbound }) => inbound !== null)
  .flatMap((caller) =>
    dialects
      .filter((provider) => provider.outbound !== null && provider !== caller)
      .map((provider) => [caller.id, provider.id, caller, provider] as const),
  );

describe.each(pairs)("a caller of %s at a provider that speaks only %s", (_caller, _provider, caller, provider) => {
  const { opening, content, finish, usage, end } = samplesOf(provider).stream(["one", "two"]);
  const samples = samplesOf(caller);

  test("gets a whole answer in its dialect; the provider gets its own, and no header of the other", async () => {
    const reply = { body: samplesOf(provider).answer("hello") };
    const { outcome, fake } = await exchange(caller, provider, reply, samples.request(false));
    if (outcome.kind !== "answer") throw new Error(JSON.stringify(outcome));
    expect(outcome.usage).toEqual({ promptTokens: 5, completionTokens: 7, estimated: false });
    expect(caller.readAnswer(outcome.body)?.usage).toEqual(outcome.usage);
    expect(outcome.body.toString()).toContain("hello");
    expect(provider.readRequest(Buffer.from(fake.requests[0]!.body)).model).toBe("sandbox-small");
    expect(fake.requests[0]!.headers["anthropic-beta"]).toBeUndefined();
  });

  test("gets a stream in its dialect, with its own end", async () => {
    const events = [...opening, ...content, ...finish, ...usage, end];
    const { outcome } = await exchange(caller, provider, { events }, samples.request(true));
    const { text, isWhole } = await textOf(outcome);
    expect(isWhole).toBe(true);
    for (const piece of ["one", "two"]) expect(text).toContain(piece);
    expect(text.endsWith(caller.stream.endEvent ?? "\n\n")).toBe(true);
  });

  test("gets no end where the provider's stream was cut", async () => {
    const events = [...opening, ...content];
    const { outcome } = await exchange(caller, provider, { events, cut: "at_end" }, samples.request(true));
    const { text, isWhole } = await textOf(outcome);
    expect([isWhole, text.includes("two")]).toEqual([false, true]);
  });

  test("is told what was left out, and what cannot be", async () => {
    const reply = { body: samplesOf(provider).answer("hello") };
    const hinted = await exchange(caller, provider, reply, { ...samples.request(false), service_tier: "auto" });
    expect(hinted.outcome).toMatchObject({ kind: "answer", dropped: ["service_tier"] });
    const [extra, param] =
      caller.id === "anthropic-messages"
        ? [{ tools: [{ type: "of_next_year", name: "x" }] }, "tools[0].type"]
        : [{ tool_choice: { type: "of_next_year" } }, "tool_choice"];
    const refused = await exchange(caller, provider, reply, { ...samples.request(false), ...extra });
    expect(refused.outcome).toMatchObject({ kind: "uncarried", refusal: { param } });
    expect(refused.fake.requests).toHaveLength(0);
  });
});
