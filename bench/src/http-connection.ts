import { connect, type Socket } from "node:net";

/** What came back for one request; times are `performance.now()` milliseconds. */
export interface Answer {
  readonly status: number;
  /** When the content marker had arrived; the last byte's time where it never did. */
  readonly firstContentMs: number;
  readonly lastByteMs: number;
  readonly bytes: number;
  /** The start of the answer, kept when it is not a 200. */
  readonly excerpt: string;
}

export interface HttpConnection {
  readonly send: (request: Buffer) => Promise<Answer>;
  readonly close: () => void;
}

const endOfChunks = "\r\n0\r\n\r\n";
const excerptBytes = 400;
const maxSeenCharacters = 4_096;

/** Where the body ends: after a number of bytes, or at the last chunk. */
interface Framing {
  readonly status: number;
  readonly bodyBytes: number | null;
}

function readHead(head: string): Framing {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  return { status: Number(head.slice(9, 12)), bodyBytes: length === undefined ? null : Number(length) };
}

/**
 * One keep-alive connection, one request at a time, with no more parsing than a benchmark needs:
 * an HTTP client library would cost more than the proxy that is measured.
 */
export async function openConnection(host: string, port: number, contentMarker: string): Promise<HttpConnection> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opening = connect({ host, port, noDelay: true }, () => resolve(opening));
    opening.once("error", reject);
  });
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;
  let framing: Framing | null = null;
  let head = "";
  let tail = "";
  let bytes = 0;
  let firstContentMs: number | null = null;
  let seen = "";

  const finish = (status: number): void => {
    const nowMs = performance.now();
    const answer = {
      status,
      firstContentMs: firstContentMs ?? nowMs,
      lastByteMs: nowMs,
      bytes,
      excerpt: status === 200 ? "" : head.slice(0, excerptBytes),
    };
    const resolve = waiting?.resolve;
    [waiting, framing, head, tail, bytes, firstContentMs, seen] = [null, null, "", "", 0, null, ""];
    resolve?.(answer);
  };
  const lookForContent = (body: Buffer): void => {
    seen = (seen + body.toString("latin1")).slice(-maxSeenCharacters);
    if (seen.includes(contentMarker)) firstContentMs = performance.now();
  };
  const onBody = (body: Buffer, { status, bodyBytes }: Framing): void => {
    bytes += body.length;
    if (status !== 200) head += body.toString("latin1");
    if (firstContentMs === null) lookForContent(body);
    if (bodyBytes !== null) {
      if (bytes >= bodyBytes) finish(status);
      return;
    }
    tail = (tail + body.toString("latin1", Math.max(0, body.length - endOfChunks.length))).slice(-endOfChunks.length);
    if (tail === endOfChunks) finish(status);
  };
  socket.on("data", (chunk: Buffer) => {
    if (framing !== null) return onBody(chunk, framing);
    head += chunk.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) return;
    const body = Buffer.from(head.slice(end + 2), "latin1").subarray(2);
    framing = readHead(head.slice(0, end));
    head = head.slice(0, end);
    if (body.length > 0 || framing.bodyBytes === 0) onBody(body, framing);
  });
  const fail = (error: Error): void => {
    waiting?.reject(error);
    waiting = null;
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the connection was closed in the middle of an answer")));

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
