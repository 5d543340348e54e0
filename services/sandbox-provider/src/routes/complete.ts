import type { Conversation } from "@topdog/dialects/conversation";
import type { Dialect, ModelRequest, StreamingDialect } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";
import { readBody } from "@topdog/http-kit/read-body";
import { toAppError } from "@topdog/http-kit/to-app-error";
import { settleUnreadBody } from "@topdog/http-kit/unread-body";
import type { IncomingMessage } from "node:http";
import type { RequestHandler, Response } from "express";
import type { CallEntry, CallLog } from "../domain/call-log.ts";
import { answerOf, type Completion, completionFor, stepsOf } from "../domain/completion.ts";
import { type FaultPlan, type Faults, noFaults } from "../domain/faults.ts";
import { embeddingBody, embeddingTokens, readEmbeddingRequest } from "../domain/embedding.ts";
import { conversationModels, embeddingModels } from "../domain/sandbox-models.ts";
import { UnsupportedSchema } from "../domain/schema-instance.ts";
import { type Pace, sendEvents, type Sending, sendText } from "./send-answer.ts";

export interface CompleteDeps {
  readonly faults: FaultPlan;
  readonly log: CallLog;
  readonly pace: Pace;
  readonly maxBodyBytes: number;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** A request that was read, and how it is answered. */
interface Prepared {
  readonly request: ModelRequest;
  readonly promptTokens: number;
  readonly completionTokens: number;
  send(res: Response, id: string, sending: Omit<Sending, "dialect">): void;
}

function refuse(
  res: Response,
  dialect: Dialect,
  status: number,
  refusal: Partial<Parameters<Dialect["refusalBody"]>[0]>,
): void {
  const full = { message: "The sandbox refused the request", type: null, param: null, code: null, ...refusal };
  const body = JSON.stringify(dialect.refusalBody(full, ""));
  res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body);
}

function refuseByFault(res: Response, dialect: Dialect, fault: Partial<Faults>, status: number): void {
  const type = status === 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error";
  if (fault.retryAfterSeconds !== undefined) res.setHeader("retry-after", String(fault.retryAfterSeconds));
  refuse(res, dialect, status, { message: "The sandbox was told to fail", type, code: "sandbox_fault" });
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function requireModel({ model }: ModelRequest, served: readonly string[]): void {
  if (!served.includes(model))
    throw new AppError("model_not_found", { detail: `The model '${model}' does not exist.` });
}

function prepareEmbedding(dialect: Dialect, request: ModelRequest): Prepared {
  requireModel(request, embeddingModels);
  const asked = readEmbeddingRequest(request.body);
  return {
    request,
    promptTokens: embeddingTokens(asked),
    completionTokens: 0,
    send: (res, _id, sending) => sendText(res, embeddingBody(request.model, asked), { ...sending, dialect }),
  };
}

function prepareCompletion(deps: CompleteDeps, dialect: StreamingDialect, request: ModelRequest): Prepared {
  requireModel(request, conversationModels);
  if (dialect.inbound === null) throw new Error(`${dialect.id} holds no conversation`);
  const incoming = dialect.inbound.read(request);
  const completion = completed(incoming.conversation);
  const { model, streamed } = request;
  return {
    request,
    promptTokens: completion.usage.inputTokens,
    completionTokens: completion.usage.outputTokens,
    send(res, id, sending) {
      const identity = { id, created: Math.floor(deps.nowMs() / 1000) };
      const full = { ...sending, dialect };
      if (!streamed) return sendText(res, incoming.answerBody(answerOf(model, id, completion), identity), full);
      const writer = incoming.newEventWriter(identity);
      const events = stepsOf(model, id, completion).map((step) => writer.write(step));
      sendEvents(res, { events: events.filter((event) => event !== ""), end: writer.end() }, full);
    },
  };
}

/** Reads a request as a provider would. Throws AppError. */
function prepare(deps: CompleteDeps, dialect: Dialect, body: Buffer): Prepared {
  const request = dialect.readRequest(body);
  const { stream } = dialect;
  return stream === null
    ? prepareEmbedding(dialect, request)
    : prepareCompletion(deps, { ...dialect, stream }, request);
}

function completed(conversation: Conversation): Completion {
  try {
    return completionFor(conversation);
  } catch (error) {
    if (!(error instanceof UnsupportedSchema)) throw error;
    const detail = `The sandbox makes no instance of a schema with ${error.message}.`;
    throw new AppError("invalid_request", { detail });
  }
}

const newEntry = (req: IncomingMessage, id: string, prepared: Prepared, status: number): CallEntry => {
  const { request, promptTokens, completionTokens } = prepared;
  const requestId = req.headers["x-request-id"];
  return {
    id,
    requestId: typeof requestId === "string" ? requestId : null,
    model: request.model,
    streamed: request.streamed,
    status,
    completed: false,
    aborted: false,
    promptTokens,
    completionTokens,
    sentTokens: 0,
  };
};

/** Answers requests of one dialect. */
export function complete(deps: CompleteDeps, dialect: Dialect): RequestHandler {
  return async (req, res) => {
    let asked: Prepared;
    try {
      const body = await readBody(req, res, { maxBytes: deps.maxBodyBytes });
      if (body === null) return;
      asked = prepare(deps, dialect, body);
    } catch (error) {
      const { status, detail, code, param } = toAppError(error);
      settleUnreadBody(req, res);
      return refuse(res, dialect, status, { message: detail, code, param: param ?? null });
    }
    const id = `sandbox-${deps.newId()}`;
    const fault = deps.faults.next();
    const entry = newEntry(req, id, asked, fault.status ?? 200);
    deps.log.add(entry);
    res.on("close", () => {
      entry.aborted = !res.writableFinished && fault.cutAfterChunks === undefined;
    });
    if (fault !== noFaults && fault.latencyMs !== undefined) await wait(fault.latencyMs);
    if (res.destroyed) return;
    if (fault.status !== undefined) return refuseByFault(res, dialect, fault, fault.status);
    asked.send(res, id, { entry, fault, pace: deps.pace });
  };
}
