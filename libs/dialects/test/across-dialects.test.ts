import { describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import type { Conversation } from "@topdog/dialects/conversation";
import type { Answer, AnswerEvent } from "@topdog/dialects/conversation-answer";
import type { Dialect } from "@topdog/dialects/dialect";
import { dialects } from "@topdog/dialects/dialects";
import { eventEnd } from "@topdog/dialects/server-sent-events";
import { createTranslatingReader } from "@topdog/dialects/translating-reader";
import { samplesOf } from "@topdog/testing/dialect-samples";

const speakers = dialects.filter(({ inbound }) => inbound !== null);
const spoken = dialects.filter(({ outbound }) => outbound !== null);
const identity = { id: "id1", created: 1_700_000_000 };
const usage = { inputTokens: 50, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 20, reasoningTokens: 0 };

/** All that each dialect can say. */
const rich: Conversation = {
  model: "m",
  streamed: true,
  system: ["Be kind."],
  turns: [
    {
      role: "user",
      parts: [
        { kind: "text", text: "Grüße 👋 \u2028" },
        { kind: "image", source: { kind: "base64", mediaType: "image/png", base64: "aGk=" }, detail: null },
        { kind: "image", source: { kind: "url", url: "https://example.com/a.png" }, detail: null },
        { kind: "document", source: { kind: "base64", mediaType: "application/pdf", base64: "aGk=" }, name: "a.pdf" },
      ],
    },
    {
      role: "assistant",
      parts: [
        { kind: "text", text: "I look." },
        { kind: "tool_call", id: "call_1", name: "look_up", arguments: '{"q":"x"}' },
        { kind: "tool_call", id: "call_2", name: "look_up", arguments: '{"q":"y"}' },
      ],
    },
    {
      role: "user",
      parts: [
        { kind: "tool_result", callId: "call_1", parts: [{ kind: "text", text: "found" }], isError: false },
        { kind: "tool_result", callId: "call_2", parts: [{ kind: "text", text: "nothing" }], isError: false },
        { kind: "text", text: "And?" },
      ],
    },
  ],
  tools: [
    {
      name: "look_up",
      description: "Looks",
      parameters: { type: "object", properties: { q: { type: "string" } } },
      strict: true,
    },
  ],
  toolChoice: { kind: "tool", name: "look_up" },
  parallelToolCalls: false,
  format: { kind: "json_schema", name: "answer", description: null, schema: { type: "object" }, strict: true },
  sampling: { temperature: 0.5, topP: 0.9, topK: null, frequencyPenalty: null, presencePenalty: null, seed: null },
  stop: [],
  maxOutputTokens: 300,
  choices: 1,
  logprobs: null,
  reasoning: null,
  endUser: "user-7",
};

const wholeAnswer: Answer = {
  id: "x",
  model: "m",
  choices: [
    {
      parts: [
        { kind: "text", text: "Grüße 👋" },
        { kind: "tool_call", id: "call_1", name: "look_up", arguments: '{"q":"x"}' },
        { kind: "tool_call", id: "call_2", name: "look_up", arguments: '{"q":"ü"}' },
      ],
      finish: { reason: "tool_calls", stopText: null },
      logprobs: null,
    },
  ],
  usage,
};

const steps: readonly AnswerEvent[] = [
  { kind: "start", id: "x", model: "m" },
  { kind: "text", choice: 0, text: "Grü" },
  { kind: "text", choice: 0, text: "ße 👋" },
  { kind: "tool_call", choice: 0, call: 0, id: "call_1", name: "look_up" },
  { kind: "tool_arguments", choice: 0, call: 0, text: '{"q":' },
  { kind: "tool_arguments", choice: 0, call: 0, text: '"x"}' },
  { kind: "tool_call", choice: 0, call: 1, id: "call_2", name: "look_up" },
  { kind: "tool_arguments", choice: 0, call: 1, text: '{"q":"ü"}' },
  { kind: "finish", choice: 0, finish: { reason: "tool_calls", stopText: null } },
  { kind: "usage", usage },
];

function incomingOf(dialect: Dialect, body: Buffer) {
  return dialect.inbound!.read({ body, wantsUsage: true });
}
const sampleOf = (dialect: Dialect, extra: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ ...samplesOf(dialect).request(true), ...extra }));

/** Whole events, one call each. */
function forEachEvent(text: string, read: (bytes: Buffer, start: number, end: number) => void): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    const end = eventEnd(bytes, at);
    read(bytes, at, end);
    at = end;
  }
}

/** What a reader of the dialect understands of a stream. */
function heard(dialect: Dialect, text: string): { events: AnswerEvent[]; text: string; calls: string[] } {
  const reader = dialect.outbound!.newEventReader();
  const events: AnswerEvent[] = [];
  forEachEvent(text, (...place) => events.push(...(reader.read(...place) ?? [{ kind: "error", error: "error" }])));
  const calls: string[] = [];
  for (const event of events) {
    if (event.kind === "tool_call") calls[event.call] = `${event.id} ${event.name} `;
    if (event.kind === "tool_arguments") calls[event.call] += event.text;
  }
  const said = events.flatMap((event) => (event.kind === "text" ? [event.text] : []));
  return { events, text: said.join(""), calls };
}

describe.each(spoken.map((dialect) => [dialect.id, dialect] as const))("%s, both ways", (_id, dialect) => {
  test("a request keeps all that it says", () => {
    const written = dialect.outbound!.write(rich);
    if (written.kind !== "request") throw new Error(written.detail);
    expect(written.dropped).toEqual([]);
    expect(dialect.readRequest(written.body)).toMatchObject({ model: "m", streamed: true });
    const { conversation, dropped } = incomingOf(dialect, written.body);
    expect(dropped).toEqual([]);
    const { format, ...rest } = rich;
    expect(conversation).toMatchObject(rest);
    expect(conversation.format).toMatchObject({ kind: "json_schema", schema: (format as { schema: object }).schema });
  });

  test("a whole answer keeps all that it says, and is one to the dialect's own reader", () => {
    const body = incomingOf(dialect, sampleOf(dialect)).answerBody(wholeAnswer, identity);
    expect(dialect.outbound!.readAnswer(body)).toMatchObject({ choices: wholeAnswer.choices, usage });
    expect(dialect.readAnswer(body)?.usage).toEqual({ promptTokens: 50, completionTokens: 20, estimated: false });
    for (const text of ["", "{", "7", "{}"]) expect(dialect.outbound!.readAnswer(Buffer.from(text))).toBeNull();
  });

  test("a stream keeps all that it says", () => {
    const writer = incomingOf(dialect, sampleOf(dialect)).newEventWriter(identity);
    const stream = steps.map((step) => writer.write(step)).join("") + writer.end();
    const { events, text, calls } = heard(dialect, stream);
    expect(text).toBe("Grüße 👋");
    expect(calls).toEqual(['call_1 look_up {"q":"x"}', 'call_2 look_up {"q":"ü"}']);
    expect(events).toContainEqual({ kind: "finish", choice: 0, finish: { reason: "tool_calls", stopText: null } });
    expect(events.findLast(({ kind }) => kind === "usage")).toEqual({ kind: "usage", usage });
    expect(events.at(-1)).toEqual({ kind: "end" });
  });

  test("broken JSON in a stream is malformed, an error is one, a comment is nothing", () => {
    const reader = dialect.outbound!.newEventReader();
    const read = (text: string) => reader.read(Buffer.from(text), 0, Buffer.byteLength(text));
    expect(read('data: {"half\n\n')).toBeNull();
    expect(read(": keep-alive\n\n")).toEqual([]);
    expect(read(samplesOf(dialect).stream([]).error)).toEqual([{ kind: "error", error: "error" }]);
  });
});

const pairs = speakers.flatMap((caller) =>
  spoken
    .filter((provider) => provider !== caller)
    .map((provider) => [caller.id, provider.id, caller, provider] as const),
);

describe.each(pairs)("a caller of %s answered by a provider of %s", (_caller, _provider, caller, provider) => {
  const stream = samplesOf(provider).stream(["a", "b"]);

  test("gets its own dialect: opening, content, the end, the provider's usage", () => {
    const incoming = incomingOf(caller, sampleOf(caller));
    const written = provider.outbound!.write(incoming.conversation);
    if (written.kind !== "request") throw new Error(written.detail);
    expect(provider.readRequest(written.body).streamed).toBe(true);
    const events = provider.outbound!.newEventReader();
    const reader = createTranslatingReader(events, incoming.newEventWriter(identity), { choices: 1, model: "m" });
    const read = (text: string) => reader.read(Buffer.from(text), 0, Buffer.byteLength(text));
    for (const event of stream.opening) expect(["opening", "comment"]).toContain(read(event));
    expect(reader.contentEvents()).toBe(0);
    expect(stream.content.map(read)).toEqual(stream.content.map(() => "content"));
    for (const event of [...stream.finish, ...stream.usage]) read(event);
    expect([read(stream.end), reader.isFinished()]).toEqual(["end", true]);
    expect(reader.usage()).toEqual({ promptTokens: 5, completionTokens: 7, estimated: false });
    const own = caller.readRequest(sampleOf(caller)).newStreamReader();
    const meanings: string[] = [];
    forEachEvent(reader.take() + reader.end(), (...place) => meanings.push(own.read(...place)));
    expect(meanings.filter((meaning) => meaning === "content").length).toBeGreaterThanOrEqual(2);
    expect([meanings.at(-1), meanings.includes("error"), meanings.includes("malformed")]).toEqual([
      "end",
      false,
      false,
    ]);
    expect(own.usage()).toEqual({ promptTokens: 5, completionTokens: 7, estimated: false });
  });

  test("ids of 64 bits keep their digits: in a call's arguments, there and back, and in a tool's schema", () => {
    const digits = "12345678901234567890";
    const args = `{"id":${digits}}`;
    const big = JSON.rawJSON(digits) as unknown as Readonly<Record<string, unknown>>;
    const parameters = { type: "object", properties: { id: { maximum: big } } };
    const made = { kind: "tool_call", id: "call_1", name: "look_up", arguments: args } as const;
    const asked: Conversation = {
      ...rich,
      turns: rich.turns.map((turn) => (turn.role === "assistant" ? { ...turn, parts: [made] } : turn)),
      tools: [{ name: "look_up", description: null, parameters, strict: null }],
    };
    const said = caller.outbound === null ? null : caller.outbound.write(asked);
    const incoming = incomingOf(caller, said?.kind === "request" ? said.body : sampleOf(caller));
    const written = provider.outbound!.write(said === null ? asked : incoming.conversation);
    const text = written.kind === "request" ? written.body.toString() : "";
    expect(text.split(digits)).toHaveLength(3);
    const choices = [{ parts: [made], finish: { reason: "tool_calls", stopText: null }, logprobs: null } as const];
    const answered = incomingOf(provider, sampleOf(provider)).answerBody({ ...wholeAnswer, choices }, identity);
    const read = provider.outbound!.readAnswer(answered)!;
    expect(read.choices[0]!.parts).toEqual([made]);
    expect(incoming.answerBody(read, identity).toString()).toContain(digits);
  });

  test("a provider's failure within the stream is one", () => {
    const incoming = incomingOf(caller, sampleOf(caller));
    const events = provider.outbound!.newEventReader();
    const reader = createTranslatingReader(events, incoming.newEventWriter(identity), { choices: 1, model: "m" });
    expect(reader.read(Buffer.from(stream.error), 0, Buffer.byteLength(stream.error))).toBe("error");
  });
});

test.each(speakers.map((dialect) => [dialect.id, dialect] as const))(
  "%s names what a conversation cannot carry: hints are dropped, what changes the answer is refused",
  (_id, dialect) => {
    const incoming = incomingOf(dialect, sampleOf(dialect, { service_tier: "auto", of_next_year: 1, nothing: null }));
    expect(incoming.dropped).toEqual(["service_tier", "of_next_year"]);
    const tools = [{ type: "of_next_year", name: "x" }];
    expect(() => incomingOf(dialect, sampleOf(dialect, { tools }))).toThrow(AppError);
  },
);
