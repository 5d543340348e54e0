import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export const requestIdHeaderName = "x-request-id";

const accepted = /^[\w-]{1,128}$/;
const key = Symbol("requestId");
type WithRequestId = IncomingMessage & { [key]?: string };

export const makeRequestId = (): string => `req_${randomUUID().replaceAll("-", "").slice(0, 24)}`;

export interface RequestIdOptions {
  /** Whether the peer is one of ours, whose x-request-id is taken over. Never on a public server. */
  readonly trusted?: boolean;
}

/** Gives every request an id and every answer the header that states it. */
export function requestId({ trusted = false }: RequestIdOptions = {}) {
  return (req: IncomingMessage, res: ServerResponse, next: () => void): void => {
    const incoming = trusted ? req.headers[requestIdHeaderName] : undefined;
    setRequestId(req, res, typeof incoming === "string" && accepted.test(incoming) ? incoming : makeRequestId());
    next();
  };
}

export function setRequestId(req: IncomingMessage, res: ServerResponse, id: string): void {
  (req as WithRequestId)[key] = id;
  if (!res.headersSent) res.setHeader(requestIdHeaderName, id);
}

/** The id that the middleware gave; a request that never passed it gets one now, so that it is never empty. */
export function requestIdOf(req: IncomingMessage): string {
  return ((req as WithRequestId)[key] ??= makeRequestId());
}
