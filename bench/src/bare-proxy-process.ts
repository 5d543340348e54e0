import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Dispatcher, Pool } from "undici";

/** The reference: the least that a Node proxy can do. No keys, no quota, no metering, no logs. */
const upstreamUrl = process.argv[2] ?? "";
const pool = new Pool(upstreamUrl, { connections: 256, bodyTimeout: 0, headersTimeout: 0 });

function forward(req: IncomingMessage, res: ServerResponse, body: Buffer): void {
  let upstream: Dispatcher.DispatchController | null = null;
  res.on("close", () => {
    if (!res.writableFinished) upstream?.abort(new Error("the client went"));
  });
  pool.dispatch(
    {
      path: req.url ?? "/",
      method: "POST",
      headers: { "content-type": "application/json", authorization: req.headers.authorization ?? "" },
      body,
    },
    {
      onRequestStart: (controller) => {
        upstream = controller;
      },
      onResponseStart: (_, status, headers) => {
        const {
          connection: _connection,
          "keep-alive": _keepAlive,
          "transfer-encoding": _encoding,
          ...passed
        } = headers;
        res.writeHead(status, passed as Record<string, string | string[]>);
      },
      onResponseData: (controller, chunk) => {
        if (res.write(chunk)) return;
        controller.pause();
        res.once("drain", () => controller.resume());
      },
      onResponseEnd: () => res.end(),
      onResponseError: () => {
        if (res.headersSent) res.destroy();
        else res.writeHead(502).end();
      },
    },
  );
}

const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () =>
    forward(req, res, chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
  );
});
server.keepAliveTimeout = 75_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit(0));
