import type { Express, RequestHandler } from "express";
import { AppError } from "@topdog/errors/app-error";
import { chatCompletions, models, type CallKind } from "../domain/call.ts";
import type { ServeCallDeps } from "../usecases/call.ts";
import { serveCall } from "../usecases/serve-call.ts";

/** The path as it came, without its query: model ids stay encoded. */
function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** The metered routes. They stand before every middleware: nothing parses a body or wraps an answer here. */
export function mountHotRoutes(app: Express, deps: ServeCallDeps): void {
  const serve =
    (kind: CallKind): RequestHandler =>
    (req, res) =>
      serveCall(deps, kind, pathOf(req.url), req, res);
  app.post("/v1/chat/completions", serve(chatCompletions));
  app.get("/v1/models", serve(models));
  app.get("/v1/models/:model", serve(models));
}

/** After the request id: the same addresses with another method. */
export function mountWrongMethods(app: Express): void {
  const only =
    (allow: string): RequestHandler =>
    () => {
      throw new AppError("method_not_allowed", { headers: { allow } });
    };
  app.all("/v1/chat/completions", only("POST"));
  app.all("/v1/models", only("GET, HEAD"));
  app.all("/v1/models/:model", only("GET, HEAD"));
}
