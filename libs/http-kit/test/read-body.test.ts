import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createBodyBudget } from "@topdog/http-kit/body-budget";
import { readBody, type ReadBodyOptions } from "@topdog/http-kit/read-body";
import { renderProblem } from "@topdog/http-kit/problem";
import { createWatchdog } from "@topdog/http-kit/watchdog";
import { eventually } from "@topdog/testing/eventually";
import { closeServed, serve } from "./served.ts";

const stops: (() => void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await closeServed();
});

interface Uploads {
  readonly received: (Buffer | null)[];
  readonly codes: string[];
  /** Sends a request by hand; more of its body can be written to the socket. */
  readonly post: (head: string, body?: string) => Promise<Socket & { text(): string }>;
}

async function uploads(options: ReadBodyOptions): Promise<Uploads> {
  const received: (Buffer | null)[] = [];
  const codes: string[] = [];
  const server = createServer((req, res) => {
    const upload = async (): Promise<void> => {
      try {
        const body = await readBody(req, res, options);
        received.push(body);
        res.end(String(body?.length));
      } catch (error) {
        codes.push((error as { code: string }).code);
        renderProblem(res, error, "req_test");
      }
    };
    void upload();
  });
  const { port } = new URL(await serve(server));
  return {
    received,
    codes,
    post: async (head, body = "") => {
      const socket = connect(Number(port), "127.0.0.1");
      stops.push(() => socket.destroy());
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString();
      });
      socket.on("error", () => undefined);
      socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n${body}`);
      return Object.assign(socket, { text: () => text });
    },
  };
}

const chunked = "transfer-encoding: chunked";
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

function pace(timeoutMs: number, minBytesPerSecond: number, windowMs: number): Required<ReadBodyOptions>["pace"] {
  const monotonicMs = (): number => performance.now();
  const watchdog = createWatchdog(monotonicMs);
  stops.push(() => watchdog.stop());
  return { watchdog, monotonicMs, timeoutMs, minBytesPerSecond, windowMs };
}

test("a body is one Buffer with every byte in order, however many pieces it came in", async () => {
  const { post, received } = await uploads({ maxBytes: 1_000_000 });
  const letters = Array.from({ length: 3_000 }, (_, n) => String.fromCharCode(97 + (n % 26)));
  await post(chunked, `${letters.map(chunk).join("")}0\r\n\r\n`);
  await post("content-length: 5", "whole");
  await post("content-length: 0");
  await eventually(() => expect(received).toHaveLength(3));
  expect(received.map(String).toSorted()).toEqual(["", letters.join(""), "whole"].toSorted());
});

test("the bound holds, announced before a byte is read, or not announced", async () => {
  const { post, codes } = await uploads({ maxBytes: 10 });
  const announced = await post("content-length: 11");
  await eventually(() => expect(announced.text()).toContain("413"));
  await post(chunked, chunk("x".repeat(11)));
  await eventually(() => expect(codes).toEqual(["payload_too_large", "payload_too_large"]));
});

describe("a packed body", () => {
  const text = "x".repeat(50_000);
  const packed = { gzip: gzipSync(text), zstd: zstdCompressSync(text) };
  const head = (encoding: string, bytes: Buffer): string =>
    `content-length: ${bytes.length}\r\ncontent-encoding: ${encoding}`;

  test.each(Object.entries(packed))("in %s is unpacked, and holds what it unpacks to", async (encoding, bytes) => {
    const budget = createBodyBudget(100_000);
    const { post, received } = await uploads({ maxBytes: 50_000, unpacks: true, budget });
    const socket = await post(head(encoding.toUpperCase(), bytes));
    socket.write(bytes);
    await eventually(() => expect(received.map(String)).toEqual([text]));
    expect(budget.heldBytes()).toBe(50_000);
  });

  test.each(Object.entries(packed))("in %s is bounded by what it unpacks to", async (encoding, bytes) => {
    const budget = createBodyBudget(49_999);
    const small = await uploads({ maxBytes: 49_999, unpacks: true });
    (await small.post(head(encoding, bytes))).write(bytes);
    await eventually(() => expect(small.codes).toEqual(["payload_too_large"]));
    const poor = await uploads({ maxBytes: 50_000, unpacks: true, budget });
    (await poor.post(head(encoding, bytes))).write(bytes);
    await eventually(() => expect(poor.codes).toEqual(["overloaded"]));
    expect(budget.heldBytes()).toBe(0);
  });

  test.each(Object.entries(packed))("in %s that is cut or broken is the sender's fault", async (encoding, bytes) => {
    const budget = createBodyBudget(100_000);
    const { post, codes } = await uploads({ maxBytes: 50_000, unpacks: true, budget });
    for (const broken of [bytes.subarray(0, -4), Buffer.from("plain text")])
      (await post(head(encoding, broken))).write(broken);
    await eventually(() => expect(codes).toEqual(["invalid_request", "invalid_request"]));
    expect(budget.heldBytes()).toBe(0);
  });

  test("whose window needs more memory than a reader must have is refused", async () => {
    const wide = { params: { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_enableLongDistanceMatching]: 1 } };
    const bytes = zstdCompressSync(Buffer.alloc(32 * 1024 * 1024, "0123456789"), wide);
    const { post, codes } = await uploads({ maxBytes: 64 * 1024 * 1024, unpacks: true });
    (await post(head("zstd", bytes))).write(bytes);
    await eventually(() => expect(codes).toEqual(["invalid_request"]));
  });

  test("in another encoding is refused before it is read, with those that are taken", async () => {
    const { post, codes } = await uploads({ maxBytes: 10, unpacks: true });
    const socket = await post("content-length: 4\r\ncontent-encoding: br");
    await eventually(() => expect(codes).toEqual(["unsupported_encoding"]));
    await eventually(() => expect(socket.text()).toMatch(/accept-encoding: gzip, zstd/i));
  });
});

test("a packed body is refused before it is read where none is taken", async () => {
  const { post, codes, received } = await uploads({ maxBytes: 10 });
  await post("content-length: 4\r\ncontent-encoding: zstd");
  await eventually(() => expect(codes).toEqual(["unsupported_encoding"]));
  await post("content-length: 4\r\ncontent-encoding: identity", "body");
  await eventually(() => expect(received.map(String)).toEqual(["body"]));
});

test("an upload that stalls, or trickles below the least rate, ends; one that keeps the rate does not", async () => {
  const { post, codes, received } = await uploads({ maxBytes: 100_000, pace: pace(60_000, 1_000, 1_500) });
  await post("content-length: 5000", "x".repeat(4_000));
  const trickling = await post("content-length: 100000");
  const steady = await post("content-length: 10000");
  let sent = 0;
  const timer = setInterval(() => {
    trickling.write("x");
    if (sent < 10_000) steady.write("x".repeat(500));
    sent += 500;
  }, 50);
  stops.push(() => clearInterval(timer));
  await eventually(() => expect([codes, received.length]).toEqual([["request_timeout", "request_timeout"], 1]));
});

test("a fast upload that does not end in its time is ended", async () => {
  const { post, codes } = await uploads({ maxBytes: 1_000_000, pace: pace(300, 1, 100) });
  const endless = await post(chunked);
  const timer = setInterval(() => endless.write(chunk("x".repeat(100))), 20);
  stops.push(() => clearInterval(timer));
  await eventually(() => expect(codes).toEqual(["request_timeout"]));
});

test("bodies take their bytes from the budget as they come; a failed or abandoned one gives them back", async () => {
  const budget = createBodyBudget(1_000);
  const { post, codes, received } = await uploads({ maxBytes: 900, budget });
  await post("content-length: 600", "x".repeat(600));
  await eventually(() => expect(received).toHaveLength(1));
  expect(budget.heldBytes()).toBe(600);

  await post("content-length: 500");
  await eventually(() => expect(codes).toEqual(["overloaded"]));
  const growing = await post(chunked, chunk("x".repeat(300)));
  await eventually(() => expect(budget.heldBytes()).toBe(900));
  growing.write(chunk("x".repeat(200)));
  await eventually(() => expect(codes).toEqual(["overloaded", "overloaded"]));
  expect(budget.heldBytes()).toBe(600);

  const leaving = await post("content-length: 100", "x".repeat(50));
  await eventually(() => expect(budget.heldBytes()).toBe(650));
  leaving.destroy();
  await eventually(() => expect([received.at(-1), budget.heldBytes()]).toEqual([null, 600]));
});

test("a body in tiny chunks without end is refused: each would cost more than it carries", async () => {
  const { post, codes } = await uploads({ maxBytes: 10_000_000 });
  await post(chunked, chunk("x").repeat(20_000));
  await eventually(() => expect(codes).toEqual(["invalid_request"]));
});
