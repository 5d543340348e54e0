import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { SignCaller } from "@topdog/caller-token/sign";
import { type AccountCall, callerTokenHeaderName } from "@topdog/contracts/account-call";
import { AppError } from "@topdog/errors/app-error";
import { renderProblem } from "@topdog/http-kit/problem";
import { requestIdOf } from "@topdog/http-kit/request-id";
import { addToRequestLog } from "@topdog/http-kit/request-log";
import { startPublicSpan, unsampledTraceparent } from "@topdog/telemetry/tracing";
import type { Response } from "express";
import type { RelayDeps, RelayEnd } from "../clients/answer-relay.ts";
import { HttpRelay, type HttpRelayRequest } from "../clients/http-relay.ts";
import type { SiblingPool } from "../clients/sibling-pool.ts";
import type { RequestMoveReason } from "../metrics.ts";
import { accountTarget, type AccountService } from "../domain/account-target.ts";
import { enter, leave, takeBody } from "./front-door.ts";
import {
  type AccountIdentity,
  callerAgain,
  identifyAccount,
  type IdentifyDeps,
  oidcCookieOf,
} from "./identify-account.ts";

export interface ServeAccountDeps extends RelayDeps, IdentifyDeps {
  readonly services: Readonly<Record<AccountService, SiblingPool>>;
  /** Another instance of a service is asked. */
  readonly onMoved: (service: AccountService, reason: RequestMoveReason) => void;
  readonly signCaller: SignCaller;
  readonly maxBodyBytes: number;
}

/** Headers that are passed on to a service; credentials and cookies (except an operator's token, and the secret that ends a sign-in by OIDC), hop-by-hop, forwarding and internal ones never are. */
const requestHeaders = [
  "accept",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "x-plan",
  "x-data-segment",
] as const;
const answerHeaderNames = [
  "content-type",
  "content-length",
  "content-disposition",
  "cache-control",
  "etag",
  "location",
  "allow",
  "retry-after",
] as const;

function pick(names: readonly string[], from: IncomingHttpHeaders): string[] {
  const headers: string[] = [];
  for (const name of names) {
    const value = from[name];
    if (typeof value === "string") headers.push(name, value);
  }
  return headers;
}

/** Passes one request of the account API to the service that owns it, with a signed token that says who calls. */
export async function serveAccount(deps: ServeAccountDeps, req: IncomingMessage, res: Response): Promise<void> {
  const requestId = requestIdOf(req);
  const traceparent = traceRequest(req, res);
  const url = req.url ?? "/";
  const pathname = url.split("?", 1)[0] ?? "/";
  const target = accountTarget(pathname);
  if (target === null) throw new AppError("not_found");
  const { door } = deps;
  const visit = enter(door, req);
  res.once("close", () => leave(door, visit));
  const identity = await identifyAccount(deps, visit, req, target);
  addToRequestLog(res, loggedIds(identity));
  // Any other method is passed on: the service knows which ones its path takes, and answers 405.
  const method = req.method === "HEAD" ? "GET" : (req.method ?? "GET");
  const body = method === "GET" ? null : await takeBody(door, visit, req, res, { maxBytes: deps.maxBodyBytes });
  if (body === null && method !== "GET") return;
  const caller = identity === null ? null : await callerAgain(deps, visit, req, target, identity);
  const inner = { service: target.service, method, path: url, requestId, traceparent };
  const headers = await innerHeaders(deps, req, inner, caller);
  // The client may have gone while the token was signed.
  if (res.closed) return;
  // The service asks an operator for the same token.
  const credentials = target.access === "operator" ? pick(["authorization"], req.headers) : [];
  const oidcCookie = oidcCookieOf(deps, pathname, req);
  if (oidcCookie !== null) credentials.push("cookie", oidcCookie);
  forward(deps, target.service, { method, path: url, headers: [...headers, ...credentials], body }, requestId, res);
}

function loggedIds(identity: AccountIdentity): Record<string, string> {
  if (identity === null || identity.kind === "visitor") return {};
  if (identity.kind === "session") {
    const { sessionId, userId } = identity.session;
    return { sessionId, userId };
  }
  const { keyId, userId } = identity.known.principal;
  return { keyId, userId };
}

/** Traces the request by our own ratio, and returns the traceparent to forward. */
function traceRequest(req: IncomingMessage, res: Response): string {
  const incoming = req.headers["traceparent"];
  const parent = typeof incoming === "string" ? incoming : undefined;
  const span = startPublicSpan("gateway account", parent);
  if (span === null) return unsampledTraceparent(parent);
  res.on("close", () => {
    span.setAttribute("http.response.status_code", res.statusCode);
    span.end();
  });
  return span.traceparent;
}

interface InnerRequest {
  readonly service: AccountService;
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly traceparent: string;
}

async function innerHeaders(
  deps: ServeAccountDeps,
  req: IncomingMessage,
  { service, method, path, requestId, traceparent }: InnerRequest,
  caller: AccountCall["caller"] | null,
): Promise<string[]> {
  const headers = ["x-request-id", requestId, "traceparent", traceparent, ...pick(requestHeaders, req.headers)];
  if (caller === null) return headers;
  headers.push(callerTokenHeaderName, await deps.signCaller(service, { method, path, requestId, caller }));
  return headers;
}

function forward(
  deps: ServeAccountDeps,
  service: AccountService,
  request: HttpRelayRequest,
  requestId: string,
  res: Response,
): void {
  const relay = new HttpRelay({ ...deps, pool: deps.services[service] }, request, res, {
    answerHeaders: (_status, received) => [
      "x-request-id",
      requestId,
      ...pick(answerHeaderNames, received),
      ...cookiesFrom(service, received),
    ],
    cutEvent: () => null,
    onMoved: (reason) => deps.onMoved(service, reason),
    onEnd: (end) => finish(end, service, requestId, res),
  });
  res.on("close", () => {
    if (!res.writableFinished) relay.clientGone();
  });
  relay.start();
}

/** Only the service that signs people in sets cookies. undici gives one that comes alone as text, whatever its type says. */
function cookiesFrom(service: AccountService, received: IncomingHttpHeaders): string[] {
  if (service !== "org-registry") return [];
  const cookies: string | string[] = received["set-cookie"] ?? [];
  return [cookies].flat().flatMap((cookie) => ["set-cookie", cookie]);
}

function finish(end: RelayEnd, service: AccountService, requestId: string, res: Response): void {
  addToRequestLog(res, { upstream: service });
  if (end.kind !== "unanswered") return;
  addToRequestLog(res, { errorCode: "overloaded", reason: end.reason });
  const detail = "The service that answers this is not available at the moment.";
  renderProblem(res, new AppError("overloaded", { detail, retryAfterSeconds: 1, cause: end.cause }), requestId);
}
