import { createHash, randomUUID } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import { readBody } from "@topdog/http-kit/read-body";
import { toAppError } from "@topdog/http-kit/to-app-error";
import { stripeApiVersion } from "@topdog/stripe-api/version";
import type { ApiFault } from "../../domain/fault-plan.ts";
import type { IdempotencyRecord } from "../../domain/records.ts";
import type { Tx } from "../../domain/state.ts";
import { invalid, StripeError } from "../../domain/stripe-error.ts";
import type { Twin } from "../../usecases/run-twin.ts";
import { createMatcher, type Endpoint, type Matched } from "./endpoint.ts";
import { expandObject } from "./expand.ts";
import { type FormValue, parseForm } from "./form.ts";
import { toStripeError } from "./param-errors.ts";

const maxBodyBytes = 1024 * 1024;
const maxKeyLength = 255;
const idempotencySeconds = 86_400;

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Of the request that was answered first with this. */
  readonly original?: string;
}

interface Received {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly form: { [name: string]: FormValue };
  readonly key: string | null;
}

/** Everything under `/v1`. */
export function stripeApi(twin: Twin, endpoints: readonly Endpoint[]): RequestHandler {
  const match = createMatcher(endpoints);
  return async (req, res) => {
    const requestId = `req_twin${randomUUID().replaceAll("-", "").slice(0, 16)}`;
    res.setHeader("request-id", requestId);
    res.setHeader("stripe-version", stripeApiVersion);
    try {
      const received = await receive(req, res, requestId);
      if (received === null) return;
      if (received.key !== null) res.setHeader("idempotency-key", received.key);
      const fault = twin.faults.ofRequest(received.method, received.path);
      if (fault?.when === "before" && !answersWithFault(twin, fault, received, res)) return;
      const answer = answerOnce(twin, match, received);
      if (fault?.when === "after") return afterEffect(twin, fault, received, res);
      send(res, answer);
    } catch (error) {
      send(res, toAnswer(error, requestId));
    } finally {
      void twin.catchUp();
    }
  };
}

async function receive(req: Request, res: Response, requestId: string): Promise<Received | null> {
  checkCaller(req);
  const url = new URL(req.originalUrl, "http://twin");
  const body =
    req.method === "POST" ? await readBody(req, res, { maxBytes: maxBodyBytes }) : Buffer.from(url.search.slice(1));
  if (body === null) return null;
  const key = req.headers["idempotency-key"];
  if (typeof key === "string" && key.length > maxKeyLength)
    throw invalid(`Idempotency keys can be ${maxKeyLength} characters at most.`);
  return {
    requestId,
    method: req.method,
    path: url.pathname,
    form: parseForm(body.toString("utf8")),
    key: req.method === "POST" && typeof key === "string" ? key : null,
  };
}

function checkCaller(req: Request): void {
  const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? "")?.[1];
  if (token === undefined)
    throw new StripeError(401, { type: "invalid_request_error", message: "You did not provide an API key." });
  if (!/^(sk|rk)_test_/.test(token))
    throw new StripeError(401, {
      type: "invalid_request_error",
      message: "Invalid API Key provided: a Stripe twin takes test keys alone (sk_test_…).",
    });
  const version = req.headers["stripe-version"];
  if (version !== undefined && version !== stripeApiVersion)
    throw invalid(`Invalid Stripe API version: ${String(version)}. This twin speaks ${stripeApiVersion} alone.`);
}

/** The same key brings the same answer, for a day. */
function answerOnce(twin: Twin, match: (method: string, path: string) => Matched | null, received: Received): Answer {
  const { key } = received;
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([received.method, received.path, received.form]))
    .digest("hex");
  if (key !== null) {
    const known = twin.state.idempotency.get(key);
    if (known !== undefined && known.createdSeconds > twin.nowSeconds() - idempotencySeconds)
      return replayed(known, fingerprint);
  }
  const keep = (status: number, body: string): IdempotencyRecord => ({
    id: key ?? "",
    fingerprint,
    status,
    body,
    requestId: received.requestId,
    createdSeconds: twin.nowSeconds(),
  });
  try {
    return perform(twin, match, received, keep);
  } catch (error) {
    const answer = toAnswer(error, received.requestId);
    // A request that was refused for its parameters did nothing: its key is free.
    if (key !== null && answer.status !== 400 && answer.status !== 404)
      twin.run((tx) => tx.put("idempotency", keep(answer.status, answer.body)));
    return answer;
  }
}

function replayed(known: IdempotencyRecord, fingerprint: string): Answer {
  if (known.fingerprint !== fingerprint)
    throw new StripeError(400, {
      type: "idempotency_error",
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${known.id}' if you meant to execute a different request.`,
    });
  return { status: known.status, body: known.body, original: known.requestId };
}

function perform(
  twin: Twin,
  match: (method: string, path: string) => Matched | null,
  received: Received,
  keep: (status: number, body: string) => IdempotencyRecord,
): Answer {
  const { method, path, requestId, key } = received;
  const found = match(method, path);
  if (found === null)
    throw new StripeError(404, {
      type: "invalid_request_error",
      message: `Unrecognized request URL (${method}: ${path}), or one that this twin does not know.`,
    });
  const parsed = found.endpoint.schema.safeParse(received.form);
  if (!parsed.success) throw toStripeError(parsed.error);
  const params = parsed.data as { expand?: string[] };
  const call = { params: params as never, id: decodeURIComponent(found.id), state: twin.state };
  const work = (tx: Tx): Answer => {
    const object = found.endpoint.handle(tx, call);
    const body = JSON.stringify(expandObject(tx, object, params.expand ?? []));
    if (key !== null) tx.put("idempotency", keep(200, body));
    return { status: 200, body };
  };
  if (found.endpoint.method === "GET" || found.endpoint.path === "/v1/invoices/create_preview") return twin.peek(work);
  return twin.run(work, { requestId, idempotencyKey: key });
}

const bodyOf = (error: object, requestId: string): string =>
  JSON.stringify({ error: { ...error, request_log_url: `https://twin.invalid/logs/${requestId}` } });

function toAnswer(error: unknown, requestId: string): Answer {
  if (error instanceof StripeError) {
    const code = error.body["code"];
    const doc =
      typeof code === "string" ? { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}` } : {};
    return { status: error.status, body: bodyOf({ ...error.body, ...doc }, requestId) };
  }
  const { status, detail } = toAppError(error);
  if (status >= 500) throw error;
  return { status, body: bodyOf({ type: "invalid_request_error", message: detail }, requestId) };
}

function send(res: Response, { status, body, original }: Answer): void {
  if (original !== undefined) {
    res.setHeader("idempotent-replayed", "true");
    res.setHeader("original-request", original);
  }
  res.status(status).type("application/json").send(body);
}

const faultErrors = {
  "409": {
    type: "invalid_request_error",
    code: "lock_timeout",
    message: "This object cannot be accessed right now because another API request is currently accessing it.",
  },
  "429": { type: "invalid_request_error", code: "rate_limit", message: "Request rate limit exceeded." },
  "500": { type: "api_error", message: "An unknown error occurred." },
} as const;

/** True: the request goes on, for it was answered under this key before. */
function answersWithFault(twin: Twin, { kind }: ApiFault, received: Received, res: Response): boolean {
  const known = received.key === null ? undefined : twin.state.idempotency.get(received.key);
  if (known !== undefined) return true;
  if (kind === "reset") res.destroy();
  else {
    if (kind === "429") res.setHeader("retry-after", "0");
    send(res, { status: Number(kind), body: bodyOf(faultErrors[kind], received.requestId) });
  }
  return false;
}

/** The effect stays. What a caller hears of a 500 is what its key brings from now on, as with Stripe. */
function afterEffect(twin: Twin, { kind }: ApiFault, { key, requestId }: Received, res: Response): void {
  if (kind !== "500") {
    res.destroy();
    return;
  }
  const body = bodyOf(faultErrors["500"], requestId);
  const known = key === null ? undefined : twin.state.idempotency.get(key);
  if (known !== undefined) twin.run((tx) => tx.put("idempotency", { ...known, status: 500, body }));
  send(res, { status: 500, body });
}
