import type { RequestHandler, Response } from "express";
import { readBody } from "@topdog/http-kit/read-body";
import { toAppError } from "@topdog/http-kit/to-app-error";
import { settleUnreadBody } from "@topdog/http-kit/unread-body";
import type { CallEntry, CallLog } from "../domain/call-log.ts";
import { parseChatRequest } from "../domain/chat-request.ts";
import { completionFor } from "../domain/completion.ts";
import { type FaultPlan, type Faults, noFaults } from "../domain/faults.ts";
import { answerBody, answerEvents, errorBody } from "../domain/openai-shapes.ts";
import { type Pace, sendEvents, sendText } from "./send-answer.ts";

export interface ChatCompletionsDeps {
  readonly faults: FaultPlan;
  readonly log: CallLog;
  readonly pace: Pace;
  readonly maxBodyBytes: number;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

const jsonHeaders = { "content-type": "application/json" };

function refuse(res: Response, status: number, body: string, retryAfterSeconds?: number): void {
  if (retryAfterSeconds !== undefined) res.setHeader("retry-after", String(retryAfterSeconds));
  res.writeHead(status, { ...jsonHeaders, "content-length": Buffer.byteLength(body) }).end(body);
}

function refuseByFault(res: Response, fault: Partial<Faults>, status: number): void {
  const type = status === 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error";
  refuse(res, status, errorBody("The sandbox was told to fail", type, "sandbox_fault"), fault.retryAfterSeconds);
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** POST /v1/chat/completions */
export function chatCompletions(deps: ChatCompletionsDeps): RequestHandler {
  const identityOf = (model: string) => ({
    id: `chatcmpl-sandbox-${deps.newId()}`,
    model,
    created: Math.floor(deps.nowMs() / 1000),
  });

  return async (req, res) => {
    const requestId = req.headers["x-request-id"];
    const body = await readBody(req, res, { maxBytes: deps.maxBodyBytes }).catch((error: unknown) => {
      const { status, detail, code } = toAppError(error);
      settleUnreadBody(req, res);
      refuse(res, status, errorBody(detail, "invalid_request_error", code));
      return null;
    });
    if (body === null) return;
    const parsed = parseChatRequest(body);
    if ("problem" in parsed) {
      const { status, message, code, param } = parsed.problem;
      return refuse(res, status, errorBody(message, "invalid_request_error", code, param));
    }
    const { request } = parsed;
    const completion = completionFor(request);
    const identity = identityOf(request.model);
    const fault = deps.faults.next();
    const entry: CallEntry = {
      id: identity.id,
      requestId: typeof requestId === "string" ? requestId : null,
      model: request.model,
      streamed: request.stream === true,
      status: fault.status ?? 200,
      completed: false,
      aborted: false,
      promptTokens: completion.promptTokens,
      completionTokens: completion.completionTokens,
      sentTokens: 0,
    };
    deps.log.add(entry);
    res.on("close", () => {
      entry.aborted = !res.writableFinished && fault.cutAfterChunks === undefined;
    });
    if (fault !== noFaults && fault.latencyMs !== undefined) await wait(fault.latencyMs);
    if (res.destroyed) return;
    if (fault.status !== undefined) return refuseByFault(res, fault, fault.status);
    if (!entry.streamed) return sendText(res, answerBody(identity, completion), { entry, fault, pace: deps.pace });
    const includeUsage = request.stream_options?.include_usage === true;
    sendEvents(res, answerEvents(identity, completion, includeUsage), { entry, fault, pace: deps.pace });
  };
}
