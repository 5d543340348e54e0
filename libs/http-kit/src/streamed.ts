import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import type { Response } from "express";

/** In `responses`: the status is answered with bytes as they come, not with a JSON body. */
export interface StreamedResponse {
  readonly contentType: string;
  readonly description: string;
}

export const streamed = (contentType: string, description: string): StreamedResponse => ({ contentType, description });

export const isStreamed = (response: object): response is StreamedResponse => "contentType" in response;

export interface StreamReply {
  readonly status: number;
  /** Read only as fast as the client takes it, and destroyed when the client goes. */
  readonly stream: Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends until the stream ends. A stream that fails after its first byte cuts the connection: the client must not take it for complete. */
export async function sendStream(
  res: Response,
  { status, stream, headers }: StreamReply,
  contentType: string,
): Promise<void> {
  res.setHeaders(new Map(Object.entries({ "cache-control": "no-store", "content-type": contentType, ...headers })));
  res.status(status);
  if (res.req.method === "HEAD") {
    stream.destroy();
    res.end();
    return;
  }
  try {
    await pipeline(stream, res);
  } catch (error) {
    // A client that left is no failure of ours; anything else is, and the error handler logs it.
    if (!isClientGone(error)) throw error;
  }
}

const isClientGone = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
