import { expect, test } from "@jest/globals";
import { anthropicMessages } from "@topdog/dialects/anthropic-messages/anthropic-messages";
import { openAiChat } from "@topdog/dialects/openai-chat/openai-chat";
import { openAiResponses } from "@topdog/dialects/openai-responses/openai-responses";

const dialects = {
  chat: { dialect: openAiChat, list: "messages", rest: {} },
  messages: { dialect: anthropicMessages, list: "messages", rest: { max_tokens: 5 } },
  responses: { dialect: openAiResponses, list: "input", rest: {} },
} as const;
type Name = keyof typeof dialects;

const bodyOf = (name: Name, content: unknown): string =>
  JSON.stringify({ model: "m", ...dialects[name].rest, [dialects[name].list]: [{ role: "user", content }] });
const reading = (name: Name, text: string) => () => dialects[name].dialect.readRequest(Buffer.from(text));

const named: [Name, unknown, string][] = [
  ["chat", [{ type: "file", file: { file_id: "file-1" } }], "messages[0].content[0].file.file_id"],
  ["messages", [{ type: "image", source: { type: "file", file_id: "f" } }], "messages[0].content[0].source.file_id"],
  ["messages", [{ type: "container_upload", file_id: "f" }], "messages[0].content[0].file_id"],
  [
    "messages",
    [
      {
        type: "tool_result",
        tool_use_id: "t",
        content: [{ type: "document", source: { type: "file", file_id: "f" } }],
      },
    ],
    "messages[0].content[0].content[0].source.file_id",
  ],
  [
    "responses",
    [
      { type: "input_text", text: "a" },
      { type: "input_image", file_id: "f" },
    ],
    "input[0].content[1].file_id",
  ],
];

test.each(named)("%s: a file that is only named is refused with its place", (name, content, place) => {
  const text = bodyOf(name, content);
  const refusal = expect.objectContaining({ code: "invalid_request", param: place });
  expect(reading(name, text)).toThrow(refusal);
  expect(reading(name, text.replaceAll("file_id", String.raw`f\u0069le_id`))).toThrow(refusal);
});

test("what a tool of the caller's answered in a file of the provider's is refused, too", () => {
  const output = [{ type: "input_file", file_id: "f" }];
  const text = JSON.stringify({ model: "m", input: [{ type: "function_call_output", call_id: "c", output }] });
  expect(reading("responses", text)).toThrow(expect.objectContaining({ param: "input[0].output[0].file_id" }));
});

test.each([
  ["chat", 'look for "file_id" here'],
  ["chat", [{ type: "file", file: { file_data: "data:application/pdf;base64,AA==", file_id: null } }]],
  ["messages", [{ type: "tool_use", id: "t", name: "open", input: { file_id: "the caller's own" } }]],
  ["responses", [{ type: "input_image", image_url: "data:image/png;base64,AA==", file_id: null }]],
] as [Name, unknown][])("%s: what only looks like one is read", (name, content) => {
  expect(reading(name, bodyOf(name, content))).not.toThrow();
});
