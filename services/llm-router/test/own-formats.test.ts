import { afterEach, describe, expect, test } from "@jest/globals";
import { Secret } from "@topdog/config/secret";
import type { Answer, AnswerChoice, AnswerEvent } from "@topdog/dialects/conversation-answer";
import type { Dialect } from "@topdog/dialects/dialect";
import { dialects } from "@topdog/dialects/dialects";
import { eventEnd } from "@topdog/dialects/server-sent-events";
import { tokensOf } from "@topdog/dialects/token-usage";
import { samplesOf } from "@topdog/testing/dialect-samples";
import { type FakeReply, type FakeUpstream, startFakeUpstream } from "@topdog/testing/fake-upstream";
import type { AttemptOutcome } from "../src/clients/providers/provider.ts";
import { inEveryDialect } from "../src/clients/translated-provider.ts";
import { bedrockWire } from "./wires/bedrock.ts";
import { googleWire } from "./wires/google.ts";
import { said, type Scenario } from "./wires/said.ts";
import type { DocumentedAnswer, WireUnderTest } from "./wires/wire-under-test.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

interface Exchange {
  readonly outcome: AttemptOutcome;
  readonly requests: FakeUpstream["requests"];
}

async function exchange(wire: WireUnderTest, caller: Dialect, body: Buffer, reply: FakeReply): Promise<Exchange> {
  const fake = await startFakeUpstream(() => reply);
  const provider = wire.provider.create({
    baseUrl: fake.url,
    maxConnections: 2,
    connectTimeoutMs: 1000,
    mayConnectTo: () => true,
  });
  open.push(
    () => fake.close(),
    () => provider.close(),
  );
  const timeouts = { firstContentTimeoutMs: 2000, interChunkTimeoutMs: 2000, totalTimeoutMs: 9000 };
  const request = caller.readRequest(body);
  const call = { format: caller, request, requestId: "req_1", headers: [], ...timeouts };
  const opened = inEveryDialect(provider).open(call, Secret.of("key-of-this-call"));
  return { outcome: await opened.outcome, requests: fake.requests };
}

/** The same conversation in a caller's dialect. */
function bodyOf(caller: Dialect, wire: WireUnderTest, scenario: Scenario, streamed: boolean): Buffer | null {
  // A signature reaches a caller as its dialect's answers carry it, and comes back so.
  const written = caller.outbound?.write({ ...said("x")[scenario], model: wire.model, streamed });
  if (written?.kind !== "request") return null;
  return scenario === "thinking" ? withThoughts(caller, written.body, `${wire.seal}c2lnbmVk`) : written.body;
}

/** No dialect is told another provider's thoughts: a caller repeats them from the answer. */
function withThoughts({ id }: Dialect, body: Buffer, signature: string): Buffer {
  const request = JSON.parse(body.toString()) as { messages: Record<string, unknown>[] };
  const spoken = request.messages.find(({ role }) => role === "assistant")!;
  if (id === "openai-chat") spoken["reasoning_details"] = [{ type: "reasoning.text", text: "Hm.", signature }];
  else spoken["content"] = [{ type: "thinking", thinking: "Hm.", signature }, ...(spoken["content"] as object[])];
  return Buffer.from(JSON.stringify(request));
}

const streamed = ({ frame, contentType }: WireUnderTest, pieces: readonly object[]): FakeReply => ({
  body: frame(pieces),
  headers: { "content-type": contentType },
});

function textOf(outcome: AttemptOutcome): Promise<{ text: string; end: object }> {
  if (outcome.kind !== "stream") throw new Error(JSON.stringify(outcome));
  return new Promise((resolve) => {
    let text = "";
    outcome.stream.attach({
      onEvents(bytes) {
        text += bytes.toString();
        return true;
      },
      onEnd: (end) => resolve({ text: text + String(end.endEvent ?? ""), end }),
    });
  });
}

/** What the caller's own dialect understands of a stream, as a whole answer. */
function heard(caller: Dialect, text: string): { choices: AnswerChoice[]; usage: unknown; last: AnswerEvent["kind"] } {
  const bytes = Buffer.from(text);
  const reader = caller.outbound!.newEventReader();
  const events: AnswerEvent[] = [];
  for (let at = 0; at < bytes.length; at = eventEnd(bytes, at))
    events.push(...reader.read(bytes, at, eventEnd(bytes, at))!);
  const said = events.flatMap((one) => (one.kind === "text" ? [one.text] : [])).join("");
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const one of events) {
    if (one.kind === "tool_call") calls[one.call] = { id: one.id, name: one.name, arguments: "" };
    if (one.kind === "tool_arguments") calls[one.call]!.arguments += one.text;
  }
  const parts = [
    ...(said === "" ? [] : [{ kind: "text" as const, text: said }]),
    ...calls.map((one) => ({ kind: "tool_call" as const, ...one })),
  ];
  const finish = events.find((one) => one.kind === "finish")!.finish;
  const usage = events.findLast((one) => one.kind === "usage")!.usage;
  return { choices: [{ parts, finish, logprobs: null }], usage, last: events.at(-1)!.kind };
}

/** Thoughts are shown to callers in their dialect's own way: what all have in common is the rest. */
const withoutThoughts = ({ choices }: Pick<Answer, "choices">): readonly AnswerChoice[] =>
  choices.map((choice) => ({ ...choice, parts: choice.parts.filter(({ kind }) => kind !== "reasoning") }));
/** Anthropic's Messages has one word for both. */
const asHeard = (caller: Dialect, choices: readonly AnswerChoice[]): readonly AnswerChoice[] =>
  caller.id !== "anthropic-messages"
    ? choices
    : choices.map((choice) => ({
        ...choice,
        finish: choice.finish.reason === "content_filter" ? { reason: "refusal", stopText: null } : choice.finish,
      }));
const counted = (caller: Dialect, usage: DocumentedAnswer["usage"]) => ({
  ...usage,
  // Chat has no count for what was written to a cache; Messages none for thoughts.
  ...(caller.id === "openai-chat" ? { cacheWriteTokens: 0 } : { reasoningTokens: 0 }),
});

const wires = [googleWire, bedrockWire] as const;
const tellers = dialects.filter(({ inbound, outbound }) => inbound !== null && outbound !== null);
const pairs = wires.flatMap((wire) => tellers.map((caller) => [caller.id, wire.provider.id, caller, wire] as const));

describe.each(pairs)("a caller of %s at %s", (_caller, _provider, caller, wire) => {
  const scenarios = Object.keys(wire.requests) as Scenario[];
  test.each(scenarios)("tells it the same as every other caller: %s", async (scenario) => {
    const body = bodyOf(caller, wire, scenario, false);
    const expected = wire.requests[scenario];
    // What the caller's own dialect cannot say, nobody can ask of it.
    if (body === null) return expect([caller.id, scenario]).toEqual(["anthropic-messages", "choices"]);
    const { outcome, requests } = await exchange(wire, caller, body, { body: wire.answers[0]!.whole });
    if ("impossible" in expected) {
      expect(requests).toHaveLength(0);
      return expect(outcome).toMatchObject({ kind: "uncarried", refusal: { param: expected.impossible } });
    }
    expect(outcome.kind).toBe("answer");
    const sent = requests[0]!;
    // Messages' schemas have no names.
    expect(JSON.parse(sent.body)).toEqual(expected);
    expect(sent.path).toBe(wire.paths.whole);
  });

  test.each(wire.answers)("hears a whole answer: $name", async ({ whole, choices, usage }) => {
    const { outcome } = await exchange(wire, caller, bodyOf(caller, wire, "unset", false)!, { body: whole });
    if (outcome.kind !== "answer") throw new Error(JSON.stringify(outcome));
    expect(outcome.usage).toEqual(tokensOf(usage));
    const answer = caller.outbound!.readAnswer(outcome.body)!;
    expect(withoutThoughts(answer)).toEqual(withoutThoughts({ choices: asHeard(caller, choices) }));
    expect(answer.usage).toEqual(counted(caller, usage));
    expect(answer.model).not.toBe("");
  });

  test.each(wire.answers)("hears it in pieces: $name", async ({ pieces, choices, usage }) => {
    const body = bodyOf(caller, wire, "unset", true)!;
    const { outcome, requests } = await exchange(wire, caller, body, streamed(wire, pieces));
    const { text, end } = await textOf(outcome);
    expect(requests[0]!.path).toBe(wire.paths.streamed);
    expect(end).toMatchObject({ failure: null, usage: tokensOf(usage) });
    const whole = heard(caller, text);
    expect(withoutThoughts(whole)).toEqual(withoutThoughts({ choices: asHeard(caller, choices) }));
    expect([whole.usage, whole.last]).toEqual([counted(caller, usage), "end"]);
  });

  test("gets a signature with what was thought, and the provider gets it back as it was", async () => {
    const { outcome } = await exchange(wire, caller, bodyOf(caller, wire, "unset", false)!, {
      body: wire.answers[1]!.whole,
    });
    if (outcome.kind !== "answer") throw new Error(JSON.stringify(outcome));
    expect(outcome.body.toString()).toContain(`${wire.seal}c2lnbmVk`);
    const began = await exchange(
      wire,
      caller,
      bodyOf(caller, wire, "unset", true)!,
      streamed(wire, wire.answers[1]!.pieces),
    );
    expect((await textOf(began.outcome)).text).toContain(`${wire.seal}c2lnbmVk`);
  });
});

const everyCaller = wires.flatMap((wire) =>
  dialects
    .filter(({ inbound }) => inbound !== null)
    .map((caller) => [caller.id, wire.provider.id, caller, wire] as const),
);

describe.each(everyCaller)("%s over %s", (_caller, _provider, caller, wire) => {
  const request = (streams: boolean): Buffer =>
    Buffer.from(JSON.stringify({ ...samplesOf(caller).request(streams), model: wire.model }));

  test("the caller's own reader takes both for whole answers of its dialect", async () => {
    const [text] = wire.answers;
    const whole = await exchange(wire, caller, request(false), { body: text!.whole });
    if (whole.outcome.kind !== "answer") throw new Error(JSON.stringify(whole.outcome));
    expect(caller.readAnswer(whole.outcome.body)?.usage).toEqual(tokensOf(text!.usage));
    const begun = await exchange(wire, caller, request(true), streamed(wire, text!.pieces));
    const bytes = Buffer.from((await textOf(begun.outcome)).text);
    const reader = caller.readRequest(request(true)).newStreamReader();
    const meanings: string[] = [];
    for (let at = 0; at < bytes.length; at = eventEnd(bytes, at))
      meanings.push(reader.read(bytes, at, eventEnd(bytes, at)));
    expect([meanings.at(-1), meanings.includes("malformed"), meanings.includes("error")]).toEqual([
      "end",
      false,
      false,
    ]);
  });

  test("what is no answer, was cut, or failed within a stream is a failure, before content and after", async () => {
    const [text] = wire.answers;
    for (const body of ["{}", "[]", "<html>", '{"candidates":[]}']) {
      const { outcome } = await exchange(wire, caller, request(false), { body });
      expect(outcome).toMatchObject({ kind: "failure", failure: { kind: "malformed" } });
    }
    const early = await exchange(wire, caller, request(true), streamed(wire, [wire.streamError]));
    expect(early.outcome).toMatchObject({ kind: "failure", failure: { kind: wire.streamErrorMeans } });
    const begun = text!.pieces.slice(0, wire.piecesToContent);
    const late = await exchange(wire, caller, request(true), streamed(wire, [...begun, wire.streamError]));
    const failure = { kind: wire.streamErrorMeans };
    expect((await textOf(late.outcome)).end).toMatchObject({ endEvent: null, failure });
    for (const cut of ["at_end", undefined] as const) {
      const reply = { ...streamed(wire, begun), ...(cut === undefined ? {} : { cut }) };
      const broken = await exchange(wire, caller, request(true), reply);
      expect((await textOf(broken.outcome)).end).toMatchObject({ endEvent: null, failure: { kind: "cut" } });
    }
  });
});
