import type { Express, RequestHandler } from "express";
import { serveAccount, type ServeAccountDeps } from "../usecases/serve-account.ts";

/** The account API lives in other services: whatever they take, they get. */
export function mountAccountRoutes(app: Express, deps: ServeAccountDeps): void {
  const serve: RequestHandler = (req, res) => serveAccount(deps, req, res);
  app.all("/api/*rest", serve);
  app.all("/consistency/sli", serve);
}
