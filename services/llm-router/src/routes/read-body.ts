import type { IncomingMessage } from "node:http";
import { AppError } from "@topdog/errors/app-error";

/** The whole body in one Buffer. Rejects with AppError payload_too_large, or request_timeout when the caller went away. */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (error: AppError): void => {
      req.removeListener("data", onData);
      // Swallow the rest, so that the answer can be read and the connection closed in order.
      req.resume();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) fail(new AppError("payload_too_large", { detail: `The body exceeds ${maxBytes} bytes.` }));
      else chunks.push(chunk);
    };
    req.on("data", onData);
    req.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    req.on("close", () => {
      // It closes after every request: an error, with its stack trace, is only made for one that is not complete.
      if (!req.complete) reject(new AppError("request_timeout"));
    });
    req.on("error", () => undefined);
  });
}
