import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@topdog/errors/app-error";
import { readBody } from "./read-body.ts";

/** As a route's `body`: the handler gets the bytes as they came, for whoever must verify a signature over them. */
export interface RawBody {
  readonly contentType: string;
  readonly maxBytes: number;
  /** From the headers until the last byte. */
  readonly timeoutMs: number;
}

export const rawBody = (contentType: string, maxBytes: number, timeoutMs: number): RawBody => ({
  contentType,
  maxBytes,
  timeoutMs,
});

export const isRawBody = (body: object): body is RawBody => "maxBytes" in body;

/** Throws AppError 400 for another content type, 413, 408 or 415. */
export async function readRawBody(req: IncomingMessage, res: ServerResponse, body: RawBody): Promise<Buffer> {
  const given = req.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (given !== body.contentType) {
    throw new AppError("invalid_request", { detail: `The body must be sent with content-type ${body.contentType}.` });
  }
  const bytes = await inTime(readBody(req, res, { maxBytes: body.maxBytes }), res, body.timeoutMs);
  if (bytes === null)
    throw new AppError("request_timeout", { detail: "The client went before the body was complete." });
  return bytes;
}

/** Who sends too slowly is answered and cut off: the rest of the body is not waited for. */
async function inTime<T>(reading: Promise<T>, res: ServerResponse, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    res.setHeader("connection", "close");
    late.reject(new AppError("request_timeout", { detail: `The body did not arrive within ${timeoutMs} ms.` }));
  }, timeoutMs);
  try {
    return await Promise.race([reading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
