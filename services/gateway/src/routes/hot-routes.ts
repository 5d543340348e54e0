import type { Express, RequestHandler } from "express";
import { operations } from "@topdog/dialects/dialects";
import type { Operation } from "@topdog/dialects/operation";
import type { ServeFirst } from "@topdog/http-kit/create-server";
import type { ServeCallDeps } from "../usecases/call.ts";
import { serveCall } from "../usecases/serve-call.ts";

/** The path as it came, without its query: model ids stay encoded. */
function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** Calls to an operation's address as it is documented, letter for letter: all that SDKs send. */
export function serveHotCalls(deps: ServeCallDeps): ServeFirst {
  const byUrl = new Map<string, Operation>();
  for (const operation of operations) {
    for (const path of operation.paths) if (!path.includes(":")) byUrl.set(path, operation);
  }
  return (req, res) => {
    const { url = "" } = req;
    const operation = byUrl.get(url);
    if (operation === undefined || req.method !== operation.method) return false;
    serveCall(deps, operation, url, req, res);
    return true;
  };
}

/** The same calls with a query, an id or another spelling. They stand before every middleware: nothing parses a body or wraps an answer here. */
export function mountHotRoutes(app: Express, deps: ServeCallDeps): void {
  for (const operation of operations) {
    const serve: RequestHandler = (req, res) => serveCall(deps, operation, pathOf(req.url), req, res);
    if (operation.method === "POST") app.post([...operation.paths], serve);
    else app.get([...operation.paths], serve);
  }
}
