import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AccountCall } from "@topdog/contracts/account-call";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly caller: AccountCall | null;
  /** When the gateway closed the connection before the answer was whole. */
  abortedMs: number | null;
}

/** Who calls, when the request shows it as this server's kind of sibling expects. */
export type ReadCaller = (req: IncomingMessage) => SeenRequest["caller"] | Promise<SeenRequest["caller"]>;

type SiblingScript = (res: ServerResponse, seen: SeenRequest) => void;

export interface FakeSibling {
  readonly url: string;
  readonly port: number;
  readonly seen: SeenRequest[];
  openAnswers(): number;
  script: SiblingScript;
  stop(): Promise<void>;
}

const answerObject: SiblingScript = (res) => {
  const body = JSON.stringify({ object: "chat.completion", choices: [] });
  res.writeHead(200, { "content-type": "application/json", "content-length": body.length, "x-internal-secret": "no" });
  res.end(body);
};

/** A real HTTP server in the place of a sibling service; `script` answers, with the whole request read. */
export async function startFakeSibling(readCaller: ReadCaller, port = 0): Promise<FakeSibling> {
  const seen: SeenRequest[] = [];
  let openAnswers = 0;
  const sibling: { script: SiblingScript } = { script: answerObject };
  const server = createServer((req, res) => {
    // Gateways ask now and then whether it is well: that is no request of a test's.
    if (req.url === "/readyz") return void res.end();
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("error", () => undefined);
    const answer = async (): Promise<void> => {
      const caller = await readCaller(req);
      const { method = "", url = "", headers } = req;
      const one: SeenRequest = { method, url, headers, body: Buffer.concat(chunks), caller, abortedMs: null };
      seen.push(one);
      openAnswers += 1;
      res.on("close", () => {
        openAnswers -= 1;
        if (!res.writableFinished) one.abortedMs = performance.now();
      });
      sibling.script(res, one);
    };
    req.on("end", () => void answer());
  });
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return Object.assign(sibling, {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    seen,
    openAnswers: () => openAnswers,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
