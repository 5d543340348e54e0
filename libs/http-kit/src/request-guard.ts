import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { AppError } from "@topdog/errors/app-error";
import { renderProblem } from "./problem.ts";
import { makeRequestId } from "./request-id.ts";

/** Answers a request that no route will see. */
export type Refuse = (req: IncomingMessage, res: ServerResponse, error: AppError) => void;

export const refuseAsProblem: Refuse = (_req, res, error) => renderProblem(res, error, makeRequestId());

/** `/path?query` of a request target in origin or absolute form (RFC 9112, 3.2); null for what is neither. */
export function originFormOf(target: string): string | null {
  if (target.startsWith("/") || target === "*") return target;
  const origin = /^https?:\/\/[^/?#]+/i.exec(target)?.[0];
  if (origin === undefined) return null;
  const rest = target.slice(origin.length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/**
 * Handles what node:http would answer with an empty body, or not understand, before any route: no `Host`, an `Expect` that is not
 * `100-continue`, a target in absolute form. `100 Continue` is left to whoever reads the body.
 */
export function guardRequests(server: Server, serve: RequestListener, refuse: Refuse): void {
  const onRequest: RequestListener = (req, res) => {
    const { url = "" } = req;
    if (req.headers.host === undefined && req.httpVersionMinor > 0)
      return refuse(req, res, new AppError("invalid_request", { detail: "The Host header is missing." }));
    if (url.startsWith("/")) return serve(req, res);
    const path = originFormOf(url);
    if (path === null)
      return refuse(req, res, new AppError("invalid_request", { detail: "The request target is not a path." }));
    req.url = path;
    serve(req, res);
  };
  server.on("request", onRequest);
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => {
    refuse(req, res, new AppError("invalid_request", { detail: "The only expectation served is 100-continue." }));
  });
}
