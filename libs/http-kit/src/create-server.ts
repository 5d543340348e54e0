import { createServer, IncomingMessage, ServerResponse, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Express } from "express";
import { guardRequests, refuseAsProblem, type Refuse } from "./request-guard.ts";

export interface ServerOptions {
  /** How long an idle connection is kept; longer than any client's, so that a client never writes to a closing one. */
  readonly keepAliveTimeoutMs?: number;
  /** From a connection's, or a further request's, first byte until the headers are complete; noticed up to 5 s late. */
  readonly headersTimeoutMs?: number;
  /** From the first byte of a request until its body is complete; an answer may take longer. */
  readonly requestTimeoutMs?: number;
  readonly maxHeaderBytes?: number;
  /** Answers requests that reach no route; problem+json when absent. */
  readonly refuse?: Refuse;
  /** Takes requests whose every microsecond counts before Express sees them; false leaves one to the app. */
  readonly serveFirst?: ServeFirst;
}

export type ServeFirst = (req: IncomingMessage, res: ServerResponse) => boolean;

/** How often node:http looks for connections whose headers or request took too long; its default is 30 s. */
const timeoutCheckMs = 5_000;

/** `drainServer` emits it: from then on every answer closes its connection. */
export const drainEvent = "topdog:drain";

/** `drainServer` emits it when the grace is over: what still answers has a moment to say so, and is cut then. */
export const drainOverEvent = "topdog:drain-over";

/**
 * A node:http server for an Express app at about node:http's own cost. Express sets the prototype of every request and
 * response, which makes V8 give up its inline caches (about 75 µs a request). Here node:http constructs both with the
 * app's prototypes from the start, so that setting them changes nothing. Mount Routers, never a second app: that one
 * would swap the prototypes again.
 */
export function createHttpServer(app: Express, options: ServerOptions = {}): Server {
  const { keepAliveTimeoutMs = 75_000, headersTimeoutMs = 20_000, requestTimeoutMs = 60_000 } = options;
  const server = createServer({
    ...appConstructors(app),
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
    maxHeaderSize: options.maxHeaderBytes ?? 16_384,
    // Checked by guardRequests, whose answer has a body.
    requireHostHeader: false,
    noDelay: true,
  });
  const { serveFirst, refuse = refuseAsProblem } = options;
  guardRequests(server, serveFirst === undefined ? app : firstBefore(serveFirst, app), refuse);
  closeConnectionsOnceDraining(server, app);
  return server;
}

const firstBefore =
  (serveFirst: ServeFirst, app: Express): RequestListener =>
  (req, res) => {
    if (!serveFirst(req, res)) app(req, res);
  };

/**
 * Functions, because only a function's `prototype` may be replaced by the app's; and `Reflect.construct`, because only
 * it lets V8 lay the object out as node:http's own (with `IncomingMessage.call(this)` a request costs three times as much).
 */
function appConstructors(app: Express): {
  IncomingMessage: typeof IncomingMessage;
  ServerResponse: typeof ServerResponse;
} {
  function AppRequest(socket: Socket): object {
    return Reflect.construct(IncomingMessage, [socket], AppRequest);
  }
  function AppResponse(req: IncomingMessage, options: unknown): object {
    return Reflect.construct(ServerResponse, [req, options], AppResponse);
  }
  AppRequest.prototype = app.request;
  AppResponse.prototype = app.response;
  return {
    IncomingMessage: AppRequest as unknown as typeof IncomingMessage,
    ServerResponse: AppResponse as unknown as typeof ServerResponse,
  };
}

/** Every answer passes `writeHead`, also those whose request came in before the drain began. */
function closeConnectionsOnceDraining(server: Server, app: Express): void {
  server.once(drainEvent, () => {
    const writeHead = Reflect.get(app.response, "writeHead") as (...args: unknown[]) => ServerResponse;
    app.response.writeHead = function closing(this: ServerResponse, ...args: unknown[]): never {
      this.shouldKeepAlive = false;
      return writeHead.apply(this, args) as never;
    };
  });
}
