import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Resolves when the other side goes before the answer is complete. */
  readonly aborted: Promise<void>;
}

/** One answer. With `events` it is a stream; else `body`, as JSON unless it is text or bytes. */
export interface FakeReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Each the data of an event, or, when it ends with a blank line, a whole event. */
  readonly events?: readonly (string | object)[];
  /** Before the headers. */
  readonly firstByteDelayMs?: number;
  /** Before each event. */
  readonly eventDelayMs?: number;
  /** Destroys the socket: before anything is sent, or when everything given is sent. */
  readonly cut?: "at_once" | "at_end";
  /** Leaves the answer open: nothing is sent after what is given. */
  readonly hang?: boolean;
}

/** Called per request, `index` counting from 0. */
export type FakeScript = (request: FakeRequest, index: number) => FakeReply | Promise<FakeReply>;

export interface FakeUpstream {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  close(): Promise<void>;
}

/** A provider over real HTTP that does what a test scripts. */
export async function startFakeUpstream(script: FakeScript): Promise<FakeUpstream> {
  const requests: FakeRequest[] = [];
  const server = createServer((incoming, response) => {
    void serve(incoming, response, script, requests).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  script: FakeScript,
  requests: FakeRequest[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const aborted = new Promise<void>((resolve) => {
    response.once("close", () => {
      if (!response.writableFinished) resolve();
    });
  });
  const { method = "", url: path = "", headers } = incoming;
  const request = { method, path, headers, body: Buffer.concat(chunks).toString("utf8"), aborted };
  const index = requests.push(request) - 1;
  await play(await script(request, index), response);
}

async function play(reply: FakeReply, response: ServerResponse): Promise<void> {
  if (reply.firstByteDelayMs !== undefined) await sleep(reply.firstByteDelayMs);
  if (reply.cut === "at_once") return void response.destroy();
  const streamed = reply.events !== undefined;
  const contentType = streamed ? "text/event-stream" : "application/json";
  if (streamed || reply.body !== undefined || reply.hang !== true) {
    response.writeHead(reply.status ?? 200, { "content-type": contentType, ...reply.headers });
    response.flushHeaders();
  }
  for (const event of reply.events ?? []) {
    if (reply.eventDelayMs !== undefined) await sleep(reply.eventDelayMs);
    if (response.destroyed) return;
    response.write(eventOf(textOf(event)));
  }
  if (reply.body !== undefined) response.write(Buffer.isBuffer(reply.body) ? reply.body : textOf(reply.body));
  if (reply.hang === true) return;
  if (reply.cut === "at_end") {
    // What was written must reach the other side before the reset does.
    await sleep(10);
    response.destroy();
  } else response.end();
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const eventOf = (text: string): string => (text.endsWith("\n\n") ? text : `data: ${text}\n\n`);

const created = 1_700_000_000;

/** A whole chat completion in the OpenAI dialect. */
export function chatCompletion(content: string, usage = { prompt_tokens: 5, completion_tokens: 7 }): object {
  return {
    id: "chatcmpl-fake",
    object: "chat.completion",
    created,
    model: "fake",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  };
}

/** The events of a streamed chat completion: a role, the pieces, the end, the usage and `[DONE]`. */
export function chatEvents(
  pieces: readonly string[],
  usage = { prompt_tokens: 5, completion_tokens: 7 },
): (string | object)[] {
  const chunk = (delta: object, finish: string | null): object => ({
    id: "chatcmpl-fake",
    object: "chat.completion.chunk",
    created,
    model: "fake",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  return [
    chunk({ role: "assistant", content: "" }, null),
    ...pieces.map((content) => chunk({ content }, null)),
    chunk({}, "stop"),
    {
      id: "chatcmpl-fake",
      object: "chat.completion.chunk",
      created,
      model: "fake",
      choices: [],
      usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
    },
    "[DONE]",
  ];
}
