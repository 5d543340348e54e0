import type { IncomingMessage } from "node:http";

/** The whole request body, or null when it is longer than `maxBytes` or the client went away. */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    req.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
    });
    req.on("end", () => resolve(bytes > maxBytes ? null : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    req.on("close", () => resolve(null));
  });
}
