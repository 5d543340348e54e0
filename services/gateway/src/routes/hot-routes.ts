import type { Express, RequestHandler } from "express";
import { operationFor, operations } from "@topdog/dialects/dialects";
import type { Operation } from "@topdog/dialects/operation";
import type { ServeFirst } from "@topdog/http-kit/create-server";
import { documentedPath, pathOf, spellingsOf } from "../domain/llm-paths.ts";
import type { ServeCallDeps } from "../usecases/call.ts";
import { serveCall } from "../usecases/serve-call.ts";

/** Calls to an operation's address, letter for letter: all that SDKs send. */
export function serveHotCalls(deps: ServeCallDeps): ServeFirst {
  const byUrl = new Map<string, { readonly operation: Operation; readonly path: string }>();
  for (const operation of operations) {
    for (const path of operation.paths.filter((one) => !one.includes(":"))) {
      for (const url of spellingsOf(path)) byUrl.set(url, { operation, path });
    }
  }
  return (req, res) => {
    const { url = "" } = req;
    const found = byUrl.get(url);
    if (found === undefined || req.method !== found.operation.method) return false;
    serveCall(deps, operationFor(found.operation, req.headers["anthropic-version"]), found.path, req, res);
    return true;
  };
}

/** The same calls with a query, an id or another spelling. They stand before every middleware: nothing parses a body or wraps an answer here. */
export function mountHotRoutes(app: Express, deps: ServeCallDeps): void {
  for (const operation of operations) {
    const serve: RequestHandler = (req, res) => {
      const asked = operationFor(operation, req.headers["anthropic-version"]);
      const path = documentedPath(pathOf(req.url));
      const query = operation.takesQuery === true ? req.url.slice(pathOf(req.url).length) : "";
      serveCall(deps, asked, `${path}${query}`, req, res);
    };
    const paths = operation.paths.flatMap(spellingsOf);
    if (operation.method === "POST") app.post(paths, serve);
    else if (operation.method === "DELETE") app.delete(paths, serve);
    else app.get(paths, serve);
  }
}
