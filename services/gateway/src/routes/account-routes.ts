import { Router, type Express, type RequestHandler } from "express";
import { operatorsOnly, type OperatorVerifier } from "@topdog/http-kit/auth";
import { serveAccount, type ServeAccountDeps } from "../usecases/serve-account.ts";

/** The account API is served by other services: every request for their paths is passed on. So is quota's SLI, for operators. */
export function mountAccountRoutes(app: Express, deps: ServeAccountDeps & { isOperator: OperatorVerifier }): void {
  const serve: RequestHandler = (req, res) => serveAccount(deps, req, res);
  const router = Router();
  router.all("/api/*rest", serve);
  router.all("/consistency/sli", operatorsOnly(deps.isOperator), serve);
  app.use(router);
}
