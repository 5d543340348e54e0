import express, { type Express } from "express";
import helmet from "helmet";
import type { Logger } from "@topdog/telemetry/logger";
import { requestId } from "./request-id.ts";
import { requestLog } from "./request-log.ts";

export interface AppOptions {
  readonly logger: Logger;
  /** Take over the peer's x-request-id: only for a service that nobody but our own services can reach. */
  readonly trustRequestId?: boolean;
  /** Off for a server whose hot routes write their own headers and log line; it may mount the two later itself. */
  readonly securityHeaders?: boolean;
  readonly logRequests?: boolean;
}

/** An Express app with our settings and no middleware: no banner, no etag, plain query strings. */
export function createBareApp(): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", "simple");
  return app;
}

/** As `createBareApp`, with an id and one log line for every request and Helmet's headers. */
export function createExpressApp(options: AppOptions): Express {
  const app = createBareApp();
  useMiddleware(app, options);
  return app;
}

/** The middleware of every request: its id, its log line, Helmet's headers. */
export function useMiddleware(app: Express, options: AppOptions): void {
  const { logger, trustRequestId = false, securityHeaders: withHeaders = true, logRequests = true } = options;
  app.use(requestId({ trusted: trustRequestId }));
  if (logRequests) app.use(requestLog({ logger }));
  if (withHeaders) app.use(securityHeaders());
}

/** Helmet's headers. Upgrading to https is left to whatever terminates TLS: locally there is none. */
export function securityHeaders() {
  return helmet({ contentSecurityPolicy: { directives: { "upgrade-insecure-requests": null } } });
}
