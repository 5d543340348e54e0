import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Tells a client that asked (`Expect: 100-continue`) to send its body. Called when the body is wanted, so that a request
 * that is refused by its headers alone never has its body sent.
 */
export function sendContinue(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.expect === undefined || req.httpVersionMinor === 0 || res.headersSent) return;
  res.writeContinue();
}
