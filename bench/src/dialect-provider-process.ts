import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers like three companies' APIs, by the path that is asked: streams alone, of as many pieces, at once or slowly. */
const pieces = Array.from({ length: 48 }, (_, index) => `token ${index} `);
/** A model of this name answers for as long as it is listened to. */
const slowModel = "gpt-4o";
const slowPieceMs = 500;
const slowPiece = "slow ".repeat(200);

/** Of a model of this name a stream never ends, and comes as fast as it is taken. */
const fastModel = "gpt-4.1";
const fastPiece = "fast ".repeat(800);
/** A caller's own credential that asks for the slow model is refused: it has reached its limit. */
const limitedKey = "Bearer sk-of-the-bench";

interface Stream {
  readonly opening: string;
  readonly piece: (text: string) => string;
  readonly ending: string;
}

const data = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const named = (type: string, members: object): string => `event: ${type}\n${data({ type, ...members })}`;

const chunk = (choices: readonly object[], usage: object | null = null): string =>
  data({ id: "c", object: "chat.completion.chunk", created: 1_790_000_000, model: "m", choices, usage });
const chat: Stream = {
  opening: chunk([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }]),
  piece: (content) => chunk([{ index: 0, delta: { content }, finish_reason: null }]),
  ending: `${chunk([{ index: 0, delta: {}, finish_reason: "stop" }])}${chunk([], { prompt_tokens: 9, completion_tokens: 48, total_tokens: 57 })}data: [DONE]\n\n`,
};
const messages: Stream = {
  opening: `${named("message_start", { message: { id: "m", type: "message", role: "assistant", model: "m", content: [], stop_reason: null, usage: { input_tokens: 9, output_tokens: 1 } } })}${named("content_block_start", { index: 0, content_block: { type: "text", text: "" } })}`,
  piece: (text) => named("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
  ending: `${named("content_block_stop", { index: 0 })}${named("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 48 } })}${named("message_stop", {})}`,
};
const response = (status: string, usage: object | null): object => ({
  id: "r",
  object: "response",
  status,
  output: [],
  usage,
});
const place = { item_id: "i", output_index: 0, content_index: 0 };
const responses: Stream = {
  opening: named("response.created", { sequence_number: 0, response: response("in_progress", null) }),
  piece: (delta) => named("response.output_text.delta", { sequence_number: 1, ...place, delta }),
  ending: named("response.completed", {
    sequence_number: 2,
    response: response("completed", { input_tokens: 9, output_tokens: 48, total_tokens: 57 }),
  }),
};
const candidate = (parts: readonly object[], more: object = {}): string =>
  data({
    candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 48 },
    modelVersion: "m",
    responseId: "g",
  });
const gemini: Stream = {
  opening: "",
  piece: (text) => candidate([{ text }]),
  ending: candidate([{ text: "" }], { finishReason: "STOP" }),
};

const streamAt = (path: string): Stream => {
  if (path.includes("/chat/")) return chat;
  if (path.includes("/messages")) return messages;
  return path.includes("/responses") ? responses : gemini;
};

function answer(stream: Stream, isSlow: boolean, res: ServerResponse): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  if (!isSlow) return void res.end(stream.opening + pieces.map(stream.piece).join("") + stream.ending);
  res.write(stream.opening + stream.piece(slowPiece));
  const timer = setInterval(() => res.write(stream.piece(slowPiece)), slowPieceMs);
  res.on("close", () => clearInterval(timer));
}

/** Whoever takes nothing is sent nothing. */
function answerFast(stream: Stream, res: ServerResponse): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  res.write(stream.opening);
  const send = (): void => {
    while (!res.destroyed && res.write(stream.piece(fastPiece)));
  };
  res.on("drain", send);
  send();
}

function limit(res: ServerResponse): void {
  res.writeHead(429, { "content-type": "application/json", "retry-after": "60" });
  res.end('{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}');
}

const server = createServer((req, res) => {
  let model = "";
  req.on("data", (part: Buffer) => (model ||= /"model":"([^"]+)"/.exec(part.toString("latin1"))?.[1] ?? ""));
  req.on("end", () => {
    const stream = streamAt(req.url ?? "");
    if (model === fastModel) return answerFast(stream, res);
    const isSlow = model === slowModel;
    if (isSlow && req.headers.authorization === limitedKey) return limit(res);
    answer(stream, isSlow, res);
  });
});
server.keepAliveTimeout = 75_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit(0));
