import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@topdog/errors/app-error";
import { readBody } from "./read-body.ts";

/** As a route's `body`: the handler gets the bytes as they came, for whoever must verify a signature over them. */
export interface RawBody {
  readonly contentType: string;
  readonly maxBytes: number;
}

export const rawBody = (contentType: string, maxBytes: number): RawBody => ({ contentType, maxBytes });

export const isRawBody = (body: object): body is RawBody => "maxBytes" in body;

/** Throws AppError 400 for another content type, 413, 408 or 415. */
export async function readRawBody(req: IncomingMessage, res: ServerResponse, body: RawBody): Promise<Buffer> {
  const given = req.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (given !== body.contentType) {
    throw new AppError("invalid_request", { detail: `The body must be sent with content-type ${body.contentType}.` });
  }
  const bytes = await readBody(req, res, { maxBytes: body.maxBytes });
  if (bytes === null)
    throw new AppError("request_timeout", { detail: "The client went before the body was complete." });
  return bytes;
}
