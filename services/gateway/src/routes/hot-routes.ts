import type { Express, RequestHandler } from "express";
import { operations } from "@topdog/dialects/dialects";
import type { ServeCallDeps } from "../usecases/call.ts";
import { serveCall } from "../usecases/serve-call.ts";

/** The path as it came, without its query: model ids stay encoded. */
function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** The metered routes. They stand before every middleware: nothing parses a body or wraps an answer here. */
export function mountHotRoutes(app: Express, deps: ServeCallDeps): void {
  for (const operation of operations) {
    const serve: RequestHandler = (req, res) => serveCall(deps, operation, pathOf(req.url), req, res);
    if (operation.method === "POST") app.post([...operation.paths], serve);
    else app.get([...operation.paths], serve);
  }
}
