import { STATUS_CODES, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { errorsAt } from "@topdog/dialects/dialects";
import { AppError } from "@topdog/errors/app-error";
import type { ErrorFormat } from "@topdog/errors/error-format";
import { documentedPath, pathOf } from "../domain/llm-paths.ts";
import { problemFormat } from "@topdog/http-kit/problem";
import { makeRequestId } from "@topdog/http-kit/request-id";
import type { Refuse } from "@topdog/http-kit/request-guard";
import { errorRenderer } from "@topdog/http-kit/send-error";

interface ParserError extends Error {
  readonly code?: string;
  /** The bytes that the parser got last: they begin with the request line if the request came in one piece. */
  readonly rawPacket?: Buffer;
}

const requestLine = /^[A-Z]{1,20} ([^ ]{1,1024})/;
const requestLineBytes = 1_100;

/** SDKs show only errors of their own dialect, and they send everything but the account API's and the documents' requests. */
const formatOf = (path: string): ErrorFormat =>
  path.startsWith("/api") || path.startsWith("/docs") ? problemFormat : errorsAt(documentedPath(pathOf(path)));

const targetOf = (packet: Buffer | undefined): string =>
  requestLine.exec(packet?.toString("latin1", 0, requestLineBytes) ?? "")?.[1] ?? "";

/** Answers a request that reaches no route, in the format of its path. */
export const refuseInFormat: Refuse = (req, res, error) =>
  errorRenderer(formatOf(req.url ?? ""))(res, error, makeRequestId());

function errorOf({ code }: ParserError): AppError {
  if (code === "HPE_HEADER_OVERFLOW") return new AppError("headers_too_large");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new AppError("request_timeout");
  return new AppError("invalid_request", { detail: "The request is not valid HTTP." });
}

/** A second answer in the middle of the first would be taken for a part of it. */
function hasBegunAnswer(socket: Duplex): boolean {
  const answer = Reflect.get(socket, "_httpMessage") as ServerResponse | null | undefined;
  return answer?.headersSent === true;
}

function answerOnSocket(socket: Duplex, format: ErrorFormat, error: AppError): void {
  const requestId = makeRequestId();
  const body = JSON.stringify(format.body(error, requestId));
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ""}`,
    `content-type: ${format.contentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "cache-control: no-store",
    "x-content-type-options: nosniff",
    `x-request-id: ${requestId}`,
    ...(format.requestIdHeader === null ? [] : [`${format.requestIdHeader}: ${requestId}`]),
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

/** Bytes that are no request are answered too, once, with an id, in the format of the path if that is known; then the connection is closed. */
export function answerBrokenRequests(server: Server): void {
  server.on("clientError", (error: ParserError, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable || hasBegunAnswer(socket)) {
      socket.destroy();
      return;
    }
    answerOnSocket(socket, formatOf(targetOf(error.rawPacket)), errorOf(error));
  });
  server.on("connect", (_req, socket) => {
    const error = new AppError("method_not_allowed", { detail: "This is not a proxy." });
    answerOnSocket(socket, errorsAt(""), error);
  });
}
