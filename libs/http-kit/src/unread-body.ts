import type { IncomingMessage, ServerResponse } from "node:http";

/** How long a refused sender may go on sending, so that it comes to read the answer. */
const lingerMs = 3_000;
/** How much of it is thrown away meanwhile. */
const maxDiscardedBytes = 64 * 1024 * 1024;
/** A body with an announced length up to this is read to its end, so that the connection can be kept. */
const smallBodyBytes = 64 * 1024;

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/**
 * Call before an answer that may come before its request's body is read. A small body is read to its end and the connection
 * kept; otherwise the answer says `connection: close`. Either way the socket is gone after 3 s or 64 MiB, with one answer sent.
 */
export function settleUnreadBody(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || req.destroyed || !hasBody(req)) return;
  const { socket } = req;
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  const isKept = req.headers.expect === undefined && Number(req.headers["content-length"]) <= smallBodyBytes;
  if (isKept) {
    req.once("end", () => clearTimeout(cut));
  } else {
    res.shouldKeepAlive = false;
    // Closing a socket with unread bytes resets it, and the answer is lost: end our side only, and read on.
    socket.destroySoon = () => void socket.end();
  }
  socket.once("close", () => clearTimeout(cut));
  let leftBytes = maxDiscardedBytes;
  req.on("data", (chunk: Buffer) => {
    leftBytes -= chunk.length;
    if (leftBytes < 0) socket.destroy();
  });
  req.on("error", () => undefined);
  req.resume();
}
