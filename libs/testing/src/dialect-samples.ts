import type { StreamingDialect } from "@topdog/dialects/dialect";
import { chatCompletion, chatEvents } from "./fake-upstream.ts";

/** A stream's events as text, each with its blank line, by what they are. */
export interface SampleStream {
  /** Shows a user nothing yet. */
  readonly opening: readonly string[];
  /** One event for each piece. */
  readonly content: readonly string[];
  /** Says that the answer is finished, but is not its end. */
  readonly finish: readonly string[];
  /** Sent only because usage was asked for; empty in a dialect that always states it. */
  readonly usage: readonly string[];
  readonly end: string;
  /** The provider's own failure, within a 200. */
  readonly error: string;
}

/** What requests and answers look like in a dialect; every answer used 5 tokens of prompt and 7 of completion. */
export interface DialectSamples {
  request(streamed: boolean): object;
  answer(content: string): object;
  stream(pieces: readonly string[]): SampleStream;
}

const dataEvent = (payload: string | object): string =>
  `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`;

const openAiChat: DialectSamples = {
  request: (streamed) => ({ model: "sandbox-small", messages: [{ role: "user", content: "hi" }], stream: streamed }),
  answer: chatCompletion,
  stream(pieces) {
    const events = chatEvents(pieces).map(dataEvent);
    const [finish, usage, end] = events.slice(1 + pieces.length) as [string, string, string];
    return {
      opening: events.slice(0, 1),
      content: events.slice(1, 1 + pieces.length),
      finish: [finish],
      usage: [usage],
      end,
      error: dataEvent({ error: { message: "no", type: "server_error" } }),
    };
  },
};

const namedEvent = (type: string, members: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;

const claudeMessage = (content: readonly object[], usage: object, stop: string | null): object => ({
  id: "msg_fake",
  type: "message",
  role: "assistant",
  model: "fake",
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage,
});

const anthropicMessages: DialectSamples = {
  request: (streamed) => ({
    model: "sandbox-small",
    max_tokens: 64,
    messages: [{ role: "user", content: "hi" }],
    stream: streamed,
  }),
  answer: (text) => claudeMessage([{ type: "text", text }], { input_tokens: 5, output_tokens: 7 }, "end_turn"),
  stream: (pieces) => ({
    opening: [
      namedEvent("message_start", { message: claudeMessage([], { input_tokens: 5, output_tokens: 1 }, null) }),
      namedEvent("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      namedEvent("ping"),
    ],
    content: pieces.map((text) => namedEvent("content_block_delta", { index: 0, delta: { type: "text_delta", text } })),
    finish: [
      namedEvent("content_block_stop", { index: 0 }),
      namedEvent("message_delta", {
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { output_tokens: 7 },
      }),
    ],
    usage: [],
    end: namedEvent("message_stop"),
    error: namedEvent("error", { error: { type: "api_error", message: "no" } }),
  }),
};

const responseObject = (status: string, output: readonly object[]): object => ({
  id: "resp_fake",
  object: "response",
  created_at: 1_700_000_000,
  status,
  model: "fake",
  output,
  usage: status === "completed" ? { input_tokens: 5, output_tokens: 7, total_tokens: 12 } : null,
});
const responseMessage = (text: string): object => ({
  id: "msg_fake",
  type: "message",
  status: "completed",
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [] }],
});

const openAiResponses: DialectSamples = {
  request: (streamed) => ({ model: "sandbox-small", input: "hi", stream: streamed }),
  answer: (text) => responseObject("completed", [responseMessage(text)]),
  stream(pieces) {
    const place = { item_id: "msg_fake", output_index: 0, content_index: 0 };
    const text = pieces.join("");
    return {
      opening: [
        namedEvent("response.created", { sequence_number: 0, response: responseObject("in_progress", []) }),
        namedEvent("response.output_item.added", { sequence_number: 1, output_index: 0, item: responseMessage("") }),
      ],
      content: pieces.map((delta, index) =>
        namedEvent("response.output_text.delta", { sequence_number: 2 + index, ...place, delta }),
      ),
      finish: [namedEvent("response.output_text.done", { sequence_number: 8, ...place, text })],
      usage: [],
      end: namedEvent("response.completed", {
        sequence_number: 9,
        response: responseObject("completed", [responseMessage(text)]),
      }),
      error: namedEvent("error", { sequence_number: 2, code: "server_error", message: "no", param: null }),
    };
  },
};

const samples: Readonly<Record<string, DialectSamples>> = {
  "openai-chat": openAiChat,
  "anthropic-messages": anthropicMessages,
  "openai-responses": openAiResponses,
};

export function samplesOf({ id }: Pick<StreamingDialect, "id">): DialectSamples {
  const found = samples[id];
  if (found === undefined) throw new Error(`${id} has no samples`);
  return found;
}
