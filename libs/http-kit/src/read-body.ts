import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@topdog/errors/app-error";
import type { BodyBudget } from "./body-budget.ts";
import { sendContinue } from "./expect-continue.ts";
import { createUnpacker, packedEncodings, type Unpacker } from "./unpack-body.ts";
import type { Watchdog, Watched } from "./watchdog.ts";

/** How slow a sender may be. Without it only the server's own timeout of a request applies. */
export interface BodyPace {
  readonly watchdog: Watchdog;
  readonly monotonicMs: () => number;
  /** From here until the last byte. */
  readonly timeoutMs: number;
  /** The least rate, measured over each `windowMs`. */
  readonly minBytesPerSecond: number;
  readonly windowMs: number;
}

export interface ReadBodyOptions {
  readonly maxBytes: number;
  readonly pace?: BodyPace;
  /** A body that was read has taken its length from the budget; the caller of `readBody` gives it back when the body is no longer held. */
  readonly budget?: BodyBudget;
  /** A body in gzip or zstd is unpacked; every bound holds for what comes out. */
  readonly unpacks?: boolean;
}

/** A Buffer costs about 100 bytes beside its content: bodies in tiny pieces are joined as they come, and bounded in number. */
const joinedPieces = 256;
const freePieces = 16_384;
const bytesPerPiece = 256;

const tooLarge = (maxBytes: number): AppError =>
  new AppError("payload_too_large", { detail: `The body is larger than ${maxBytes} bytes.` });
const noMemory = (): AppError =>
  new AppError("overloaded", { detail: "Too many large requests are under way.", retryAfterSeconds: 1 });
const tooSlow = (detail: string): AppError => new AppError("request_timeout", { detail });

/** Why the headers alone refuse the body; null when they do not. */
function refusalOf(
  { headers }: IncomingMessage,
  encoding: string | null,
  { maxBytes, budget, unpacks = false }: ReadBodyOptions,
): AppError | null {
  if (encoding !== null && !(unpacks && packedEncodings.includes(encoding))) {
    const accepted = unpacks ? packedEncodings.join(", ") : "identity";
    return new AppError("unsupported_encoding", { headers: { "accept-encoding": accepted } });
  }
  const announced = headers["content-length"];
  if (announced === undefined) return null;
  const bytes = Number(announced);
  if (bytes > maxBytes) return tooLarge(maxBytes);
  return budget !== undefined && bytes > budget.freeBytes() ? noMemory() : null;
}

/** How the body is packed; null for as it is. */
function encodingOf({ headers }: IncomingMessage): string | null {
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "";
  return encoding === "" || encoding === "identity" ? null : encoding;
}

/**
 * The whole body as one Buffer; null when the client went meanwhile. Rejects with AppError: 413 (by the announced length,
 * before a byte is read, or at the bound), 408 (too late or too slow), 415 (packed in a way that is not taken), 400 (it does not unpack),
 * 503 (no memory left in the budget).
 */
export function readBody(req: IncomingMessage, res: ServerResponse, options: ReadBodyOptions): Promise<Buffer | null> {
  const { maxBytes, pace, budget } = options;
  return new Promise((resolve, reject) => {
    const encoding = encodingOf(req);
    const refusal = refusalOf(req, encoding, options);
    if (refusal !== null) return reject(refusal);
    if (req.destroyed) return resolve(null);
    const unpacker = encoding === null ? null : createUnpacker(req, encoding, fail);
    const source: IncomingMessage | Unpacker = unpacker ?? req;
    const joined: Buffer[] = [];
    let pieces: Buffer[] = [];
    let pieceCount = 0;
    let bytes = 0;
    const watch = pace === undefined ? null : watchPace(pace, () => unpacker?.bytesWritten ?? bytes, fail);

    function forget(): void {
      if (watch !== null) pace?.watchdog.forget(watch);
      source.off("data", onData);
      source.off("end", onEnd);
      req.off("close", onClose);
      if (unpacker === null) return;
      req.unpipe(unpacker);
      unpacker.destroy();
    }
    function fail(error: AppError): void {
      forget();
      budget?.give(bytes);
      reject(error);
    }
    function onData(chunk: Buffer): void {
      if (bytes + chunk.length > maxBytes) return fail(tooLarge(maxBytes));
      if (budget?.take(chunk.length) === false) return fail(noMemory());
      bytes += chunk.length;
      pieceCount += 1;
      if (pieceCount > freePieces && pieceCount * bytesPerPiece > bytes)
        return fail(new AppError("invalid_request", { detail: "The body comes in too many tiny chunks." }));
      if (pieces.push(chunk) < joinedPieces) return;
      joined.push(Buffer.concat(pieces));
      pieces = [];
    }
    function onEnd(): void {
      forget();
      const all = joined.length === 0 ? pieces : [...joined, ...pieces];
      resolve(all.length === 1 ? (all[0] as Buffer) : Buffer.concat(all, bytes));
    }
    function onClose(): void {
      // All of it is here, and still being unpacked.
      if (unpacker !== null && req.complete) return;
      forget();
      budget?.give(bytes);
      resolve(null);
    }

    if (watch !== null) pace?.watchdog.watch(watch);
    source.on("data", onData);
    source.on("end", onEnd);
    req.on("close", onClose);
    req.on("error", () => undefined);
    sendContinue(req, res);
  });
}

/** Checked once per window; a window with too few bytes ends the upload. */
function watchPace(pace: BodyPace, receivedBytes: () => number, fail: (error: AppError) => void): Watched {
  const { timeoutMs, windowMs, minBytesPerSecond, monotonicMs } = pace;
  const startedMs = monotonicMs();
  const endMs = startedMs + timeoutMs;
  const minWindowBytes = (minBytesPerSecond * windowMs) / 1000;
  let lastBytes = 0;
  const watch: Watched = {
    dueAtMs: Math.min(endMs, startedMs + windowMs),
    watched: 0,
    onDue: () => {
      const nowMs = monotonicMs();
      if (nowMs >= endMs) return fail(tooSlow(`The body did not arrive within ${timeoutMs} ms.`));
      const bytes = receivedBytes();
      if (bytes - lastBytes < minWindowBytes)
        return fail(tooSlow(`The body came in at less than ${minBytesPerSecond} bytes a second.`));
      lastBytes = bytes;
      watch.dueAtMs = Math.min(endMs, nowMs + windowMs);
    },
  };
  return watch;
}
