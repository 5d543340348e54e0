import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers like OpenAI's API, as cheaply as Node can: it shares a core with the load generator and must not be what is measured. */
const tokens = 48;
const tokenIntervalMs = Number(process.argv[2]);

const usage = { prompt_tokens: 220, completion_tokens: tokens, total_tokens: 220 + tokens };
const head = { id: "chatcmpl-bench", created: 1_790_000_000, model: "sandbox-small" };
const text = Array.from({ length: tokens }, (_, index) => `token ${index} `);
const message = { role: "assistant", content: text.join("") };
const answer = Buffer.from(
  JSON.stringify({
    ...head,
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage,
  }),
);

const event = (fields: object): Buffer =>
  Buffer.from(`data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields })}\n\n`);
const delta = (fields: object, finish: string | null = null): Buffer =>
  event({ choices: [{ index: 0, delta: fields, finish_reason: finish }], usage: null });
const opening = delta({ role: "assistant", content: "" });
const deltas = text.map((content) => delta({ content }));
const ending = Buffer.concat([delta({}, "stop"), event({ choices: [], usage }), Buffer.from("data: [DONE]\n\n")]);

function stream(res: ServerResponse): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  res.write(opening);
  let next = 0;
  const tick = (): void => {
    const piece = deltas[next];
    next += 1;
    if (piece !== undefined) return void res.write(piece);
    clearInterval(timer);
    res.end(ending);
  };
  const timer = setInterval(tick, tokenIntervalMs);
  res.on("close", () => clearInterval(timer));
  tick();
}

const server = createServer((req, res) => {
  let isStream = false;
  req.on("data", (chunk: Buffer) => {
    isStream ||= chunk.includes('"stream":true');
  });
  req.on("end", () => {
    if (isStream) return stream(res);
    res.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    res.end(answer);
  });
});
server.keepAliveTimeout = 75_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit(0));
