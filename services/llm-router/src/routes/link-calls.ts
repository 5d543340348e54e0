import type { IncomingCall, OpenedCall } from "@topdog/call-link/call";
import type { Dialect } from "@topdog/dialects/dialect";
import { countTokensOperation, tokenCountBody } from "@topdog/dialects/count-tokens";
import { dialects, operationFor } from "@topdog/dialects/dialects";
import { modelBody, modelListBody, modelsOperation } from "@topdog/dialects/models";
import { headerOf, type Operation, platformHeaders, withoutHeader } from "@topdog/dialects/operation";
import { errorAnswer } from "@topdog/http-kit/send-error";
import { toAppError } from "@topdog/http-kit/to-app-error";
import type { Logger } from "@topdog/telemetry/logger";
import { startHotSpan } from "@topdog/telemetry/tracing";
import { callOrigin } from "../domain/usage-record.ts";
import { answerCall } from "../usecases/answer-call.ts";
import type { AnswerDeps } from "../usecases/answer-deps.ts";
import type { Call } from "../usecases/call.ts";
import { countTokens } from "../usecases/count-tokens.ts";
import { findModel, listModels } from "../usecases/list-models.ts";
import { askStored, storedResponseActs } from "../usecases/stored-responses.ts";
import { linkAnswer, type LinkAnswer } from "./link-answer.ts";

export interface LinkCallsDeps {
  readonly calls: AnswerDeps;
  readonly logger: Logger;
}

/** Serves what gateways send over the call link: each call has been admitted and charged by them. */
export function linkCalls(deps: LinkCallsDeps): (incoming: IncomingCall) => void {
  const answers = answersByEndpoint(deps);
  return (incoming) => {
    const { opened } = incoming;
    const found = answers.get(opened.endpoint);
    // An operation of a newer gateway: a newer router knows it.
    if (found === undefined) return incoming.refuse();
    const operation = operationFor(found.operation, headerOf(opened.headers, "anthropic-version"));
    void serve(deps, operation, incoming, (call) => found.answer(call, opened));
  };
}

interface Answering {
  readonly operation: Operation;
  readonly answer: (call: Call, opened: OpenedCall) => Promise<void>;
}

function answersByEndpoint(deps: LinkCallsDeps): ReadonlyMap<string, Answering> {
  const { calls } = deps;
  const all: Answering[] = [
    ...dialects.map((dialect: Dialect) => ({
      operation: dialect,
      answer: (call: Call, { body }: OpenedCall) => answerCall(calls, dialect, call, body),
    })),
    { operation: modelsOperation, answer: (call, { path }) => answerModels(deps, call, path) },
    {
      operation: countTokensOperation,
      answer: async (call, { body }) => answerJson(call, tokenCountBody(await countTokens(calls, call, body))),
    },
    ...storedResponseActs.map(([operation, act]) => ({
      operation,
      answer: async (call: Call, { path }: OpenedCall) =>
        answerJson(call, await askStored(calls, operation, act, call, path)),
    })),
  ];
  return new Map(all.map((one) => [one.operation.endpoint, one]));
}

/** Without what the platform itself is asked for by headers. */
const headersOf = (headers: readonly string[]): readonly string[] =>
  platformHeaders.reduce<readonly string[]>(withoutHeader, headers);

function answerJson({ answer }: Call, body: object): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  answer.head(200, { "content-type": "application/json; charset=utf-8", "content-length": bytes.length });
  answer.end(bytes);
}

async function serve(
  deps: LinkCallsDeps,
  operation: Operation,
  incoming: IncomingCall,
  run: (call: Call) => Promise<void>,
): Promise<void> {
  const { opened } = incoming;
  const span = startHotSpan(`router ${operation.endpoint}`, opened.traceparent);
  const answer = linkAnswer(incoming);
  const arrivedMs = performance.now();
  const nowMs = deps.calls.nowMs();
  try {
    await run({
      origin: callOrigin(opened, nowMs),
      deadlineMs: nowMs + opened.timeoutMs,
      arrivedMs,
      headers: headersOf(opened.headers),
      wishes: {
        idempotencyKey: headerOf(opened.headers, "idempotency-key") ?? null,
        cacheSeconds: headerOf(opened.headers, "x-topdog-cache") ?? null,
      },
      allowedModels: opened.principal.restrictions?.models ?? null,
      modelRules: opened.principal.modelRules ?? null,
      answer,
      tenants: opened.principal.byok.tenants ?? [],
    });
    span?.end();
  } catch (error) {
    span?.end(error);
    fail(deps, operation, answer, opened.requestId, error);
  }
  answer.over();
}

function fail(deps: LinkCallsDeps, operation: Operation, answer: LinkAnswer, requestId: string, cause: unknown): void {
  const error = toAppError(cause);
  if (error.status >= 500) deps.logger.error({ err: error, requestId, code: error.code }, "request failed");
  if (answer.hasHead()) {
    // After the head it is told within the stream.
    if (operation.stream !== null && !answer.isEnded()) answer.end(operation.stream.errorEvent(error));
    return;
  }
  const { status, headers, body } = errorAnswer(operation.errors, error, requestId);
  answer.head(status, headers);
  answer.end(body);
}

const [listPath] = modelsOperation.paths;

/** The list, or the model that the rest of the path names. */
async function answerModels({ calls }: LinkCallsDeps, call: Call, path: string): Promise<void> {
  const rest = path.slice(listPath.length + 1).replace(/\/$/, "");
  const found =
    rest === ""
      ? modelListBody(await listModels(calls, call))
      : modelBody(await findModel(calls, call, decodeURIComponent(rest)));
  answerJson(call, found);
}
