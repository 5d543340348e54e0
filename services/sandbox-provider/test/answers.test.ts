import { describe, expect, test } from "@jest/globals";
import type { Conversation, Tool } from "@topdog/dialects/conversation";
import { completionFor, type ProducedChoice } from "../src/domain/completion.ts";
import { instanceOf, UnsupportedSchema } from "../src/domain/schema-instance.ts";

const conversation = (over: Partial<Conversation> = {}): Conversation => ({
  model: "sandbox-small",
  streamed: false,
  system: [],
  turns: [{ role: "user", parts: [{ kind: "text", text: "hi" }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  format: { kind: "text" },
  sampling: { temperature: null, topP: null, topK: null, frequencyPenalty: null, presencePenalty: null, seed: null },
  stop: [],
  maxOutputTokens: null,
  choices: 1,
  logprobs: null,
  reasoning: null,
  endUser: null,
  ...over,
});
const choicesOf = (over?: Partial<Conversation>) => completionFor(conversation(over)).choices;
const textOf = (choice: ProducedChoice | undefined): string =>
  (choice?.parts ?? []).map(({ part }) => (part.kind === "text" ? part.text : "")).join("");
const tool = (name: string, parameters = {}): Tool => ({ name, description: null, parameters, strict: null });
const says = (text: string): Conversation["turns"] => [{ role: "user", parts: [{ kind: "text", text }] }];
const calledOf = (over: Partial<Conversation>): string[] =>
  choicesOf(over)[0]!.parts.flatMap(({ part }) => (part.kind === "tool_call" ? [part.name] : []));

test("as many different choices as asked for, each counted", () => {
  const { choices, usage } = completionFor(conversation({ choices: 3 }));
  expect(new Set(choices.map(textOf)).size).toBe(3);
  expect(usage.outputTokens).toBe(choices.flatMap(({ parts }) => parts.flatMap(({ tokens }) => tokens)).length);
});

test("a text that ends the answer is not part of it, and is named", () => {
  const [whole] = choicesOf();
  const stop = textOf(whole).slice(20, 25);
  const [cut] = choicesOf({ stop: ["never said", stop] });
  expect(textOf(cut)).toBe(textOf(whole).slice(0, textOf(whole).indexOf(stop)));
  expect(cut!.finish).toEqual({ reason: "stop", stopText: stop });
});

test("thoughts come first, are signed, and count against the bound of output", () => {
  const reasoning = { effort: "low", budgetTokens: null, shown: true } as const;
  const { choices, usage } = completionFor(conversation({ reasoning, maxOutputTokens: 10 }));
  expect(choices[0]!.parts.map(({ part }) => part.kind)).toEqual(["reasoning", "text"]);
  expect(choices[0]!.finish.reason).toBe("length");
  expect(usage).toMatchObject({ outputTokens: 10, reasoningTokens: 8 });
});

describe("tools", () => {
  const tools = [tool("get_weather"), tool("look_up")];
  test("are called when they must be, or when the user's last text names them, several at once unless that is off", () => {
    expect(calledOf({ tools })).toEqual([]);
    expect(calledOf({ tools, turns: says("look_up and get_weather") })).toEqual(["get_weather", "look_up"]);
    expect(calledOf({ tools, turns: says("look_up and get_weather"), parallelToolCalls: false })).toHaveLength(1);
    expect(calledOf({ tools, toolChoice: { kind: "required" } })).toEqual(["get_weather"]);
    expect(calledOf({ tools, toolChoice: { kind: "tool", name: "look_up" } })).toEqual(["look_up"]);
    expect(calledOf({ tools, turns: says("look_up"), toolChoice: { kind: "none" } })).toEqual([]);
  });

  test("are not called again once the result is there", () => {
    const result = { kind: "tool_result", callId: "c", parts: [], isError: false } as const;
    const turns = [...says("look_up"), { role: "user", parts: [result] } as const];
    expect(calledOf({ tools, turns, toolChoice: { kind: "required" } })).toEqual([]);
  });
});

describe("an instance of a schema", () => {
  test.each([
    [{ type: "object", properties: { a: { type: "integer", minimum: 3 } }, required: ["a"] }, { a: 3 }],
    [{ enum: ["red", "green"] }, "red"],
    [{ type: "array", items: { type: "number" }, minItems: 2 }, [0.5, 0.5]],
    [{ type: "string", minLength: 10, maxLength: 12 }, "sandbox sand"],
    [{ anyOf: [{ type: "null" }, { type: "string" }] }, null],
    [{ $ref: "#/$defs/day", $defs: { day: { type: "string", format: "date" } } }, "2026-01-31"],
    [{ allOf: [{ type: "object", required: ["x"] }, { properties: { x: { const: 7 } } }] }, { x: 7 }],
    [{ type: "integer", exclusiveMinimum: 4, maximum: 9, multipleOf: 3 }, 6],
    [{ type: ["string", "null"] }, "sandbox"],
    [{ type: "string", pattern: "^[a-z]+$" }, "sandbox"],
    [{ type: "string", pattern: "^[0-9]{4}$" }, "1234"],
    [{ type: "string", pattern: String.raw`^\d{4}-\d{2}-\d{2}$` }, "2026-01-31"],
    [{ type: "string", pattern: "^[A-Z]+$", minLength: 3, maxLength: 3 }, "ABC"],
  ])("%j", (schema, instance) => expect(instanceOf(schema)).toEqual(instance));

  test.each([
    { type: "string", pattern: "^sandbox[0-9]{40}$" },
    { type: "string", pattern: "(" },
    // It would be tried for ever on a text as long as that.
    { type: "string", pattern: "^(([a-z ])+)+!$", minLength: 5000 },
    { not: { type: "string" } },
    { $ref: "#" },
    { type: "integer", minimum: 5, maximum: 4 },
    { $ref: "https://example.com/schema" },
  ])("is refused rather than wrong: %j", (schema) => {
    expect(() => instanceOf(schema)).toThrow(UnsupportedSchema);
  });
});
