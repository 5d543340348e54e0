import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { parsePsTime } from "./cpu-clock.ts";
import { openConnection } from "./http-connection.ts";
import { median, percentile } from "./statistics.ts";

const request = Buffer.from("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");

async function withServer<T>(listener: RequestListener, use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("an answer is complete at its last byte, counted or chunked, and the connection serves the next one", async () => {
  const whole: RequestListener = (_, res) => void res.writeHead(200, { "content-length": 5 }).end("whole");
  const chunked: RequestListener = (_, res) => {
    res.writeHead(200).write("data: 1\n\n");
    setTimeout(() => res.end("data: 2\n\n"), 20);
  };
  for (const [listener, leastBytes] of [
    [whole, 5],
    [chunked, 18],
  ] as const) {
    await withServer(listener, async (port) => {
      const connection = await openConnection("127.0.0.1", port, "data: 2");
      for (let turn = 0; turn < 3; turn += 1) {
        const answer = await connection.send(request);
        expect(answer.status).toBe(200);
        expect(answer.bytes).toBeGreaterThanOrEqual(leastBytes);
        expect(answer.lastByteMs).toBeGreaterThanOrEqual(answer.firstContentMs);
      }
      connection.close();
    });
  }
});

test("the first content is timed when it comes, not when the answer begins or ends", async () => {
  const listener: RequestListener = (_, res) => {
    res.writeHead(200).write("data: role\n\n");
    setTimeout(() => res.write("data: content\n\n"), 60);
    setTimeout(() => res.end("data: end\n\n"), 120);
  };
  await withServer(listener, async (port) => {
    const connection = await openConnection("127.0.0.1", port, "content");
    const sentMs = performance.now();
    const { firstContentMs, lastByteMs } = await connection.send(request);
    expect(firstContentMs - sentMs).toBeGreaterThanOrEqual(55);
    expect(lastByteMs).toBeGreaterThan(firstContentMs);
    connection.close();
  });
});

test("an answer that is not a 200 is reported with its beginning", async () => {
  await withServer(
    (_, res) => void res.writeHead(429, { "content-length": 9 }).end("too many!"),
    async (port) => {
      const connection = await openConnection("127.0.0.1", port, "data: 2");
      const { status, excerpt } = await connection.send(request);
      expect(status).toBe(429);
      expect(excerpt).toContain("too many!");
      connection.close();
    },
  );
});

test("a connection cut in the middle of an answer is a failure, not a short answer", async () => {
  const cut: RequestListener = (_, res) => {
    res.writeHead(200, { "content-length": 100 }).write("half");
    setTimeout(() => res.destroy(), 20);
  };
  await withServer(cut, async (port) => {
    const connection = await openConnection("127.0.0.1", port, "data: 2");
    await expect(connection.send(request)).rejects.toThrow(/in the middle|ECONNRESET/);
  });
});

test("percentiles are of the nearest rank, and ps's times are read in every form", () => {
  expect([percentile([], 50), percentile([1, 2, 3, 4], 50), percentile([1, 2, 3, 4], 99), median([3, 1, 2])]).toEqual([
    0, 2, 4, 2,
  ]);
  expect([parsePsTime("00:01:02"), parsePsTime("1-00:00:01"), parsePsTime("0:00.25")]).toEqual([
    62e6, 86_401e6, 0.25e6,
  ]);
});
