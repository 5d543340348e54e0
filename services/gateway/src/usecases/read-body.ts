import type { IncomingMessage } from "node:http";
import { AppError } from "@topdog/errors/app-error";
import type { Watchdog, Watched } from "../clients/watchdog.ts";

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** From here until the last byte. */
  readonly timeoutMs: number;
  readonly watchdog: Watchdog;
  readonly monotonicMs: () => number;
}

/** How much of a refused body is still taken in, so that its sender comes to read the answer. */
const maxDiscardedBytes = 64 * 1024 * 1024;

/** Lets the rest of a refused body run out, within a bound; then the connection is cut. */
export function discardBody(req: IncomingMessage): void {
  if (req.complete) return;
  let left = maxDiscardedBytes;
  req.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) req.destroy();
  });
  req.on("error", () => undefined);
  req.resume();
}

const tooLarge = (maxBytes: number): AppError =>
  new AppError("payload_too_large", { detail: `The body is larger than ${maxBytes} bytes.` });

/**
 * The whole body as one Buffer. Null when the client went meanwhile. Rejects with AppError 413 (by the announced length,
 * before a byte is read, or at the bound) or 408.
 */
export function readBody(req: IncomingMessage, options: ReadBodyOptions): Promise<Buffer | null> {
  const { maxBytes, watchdog } = options;
  return new Promise((resolve, reject) => {
    const announced = req.headers["content-length"];
    if (announced !== undefined && Number(announced) > maxBytes) return reject(tooLarge(maxBytes));
    if (req.destroyed) return resolve(null);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const watch: Watched = {
      dueAtMs: options.monotonicMs() + options.timeoutMs,
      onDue: () => fail(new AppError("request_timeout", { headers: { connection: "close" } })),
    };
    const forget = (): void => {
      watchdog.watched.delete(watch);
      req.off("data", onData);
      req.off("end", onEnd);
      req.off("close", onClose);
    };
    const fail = (error: AppError): void => {
      forget();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) fail(tooLarge(maxBytes));
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      forget();
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes));
    };
    const onClose = (): void => {
      forget();
      resolve(null);
    };
    watchdog.watched.add(watch);
    req.on("data", onData);
    req.on("end", onEnd);
    req.on("close", onClose);
    req.on("error", () => undefined);
  });
}
