import type { Server } from "node:http";
import { makeRequestId } from "@topdog/http-kit/request-id";

interface ParserError extends Error {
  readonly code?: string;
}

const answers: Readonly<Record<string, readonly [string, string, string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "invalid_request", "The headers are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "request_timeout", "The request took too long to arrive."],
};
const malformed = ["400 Bad Request", "invalid_request", "The request is not valid HTTP."] as const;

/** What never becomes a request is answered too, with an id, in the OpenAI shape, and then cut. */
export function answerBrokenRequests(server: Server): void {
  server.on("clientError", (error: ParserError, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, code, message] = answers[error.code ?? ""] ?? malformed;
    const body = JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code } });
    const head = [
      `HTTP/1.1 ${status}`,
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${makeRequestId()}`,
      "connection: close",
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  });
}
