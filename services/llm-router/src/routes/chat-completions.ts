import type { Request, Response } from "express";
import { startHotSpan } from "@topdog/telemetry/tracing";
import { AppError } from "@topdog/errors/app-error";
import type { ChatCall, ChatDeps } from "../usecases/chat-call.ts";
import { completeChat, rejectCall } from "../usecases/complete-chat.ts";
import { type AdmissionDeps, admittedCall } from "./admitted-call.ts";
import { markUnmetered } from "./http-answer.ts";
import { readBody } from "./read-body.ts";

export interface ChatCompletionsDeps {
  readonly admission: AdmissionDeps;
  readonly chat: ChatDeps;
  readonly maxBodyBytes: number;
  /** Calls at once; beyond it a call is refused, unrecorded. */
  readonly maxCalls: number;
  readonly onError: (error: unknown, req: Request, res: Response) => void;
}

/** POST /v1/chat/completions */
export function chatCompletions(deps: ChatCompletionsDeps): (req: Request, res: Response) => void {
  let calls = 0;

  async function serve(req: Request, call: ChatCall): Promise<void> {
    let body: Buffer;
    try {
      body = await readBody(req, deps.maxBodyBytes);
    } catch (error) {
      return rejectCall(deps.chat, call, error);
    }
    await completeChat(deps.chat, call, body);
  }

  function admit(req: Request, res: Response): ChatCall {
    try {
      const call = admittedCall(deps.admission, req, res);
      if (calls >= deps.maxCalls) throw new AppError("overloaded", { retryAfterSeconds: 1 });
      return call;
    } catch (error) {
      markUnmetered(res);
      throw error;
    }
  }

  async function handle(req: Request, res: Response): Promise<void> {
    const traceparent = req.headers["traceparent"];
    const span = startHotSpan("POST /v1/chat/completions", typeof traceparent === "string" ? traceparent : undefined);
    try {
      const call = admit(req, res);
      calls += 1;
      await serve(req, call).finally(() => (calls -= 1));
      span?.end();
    } catch (error) {
      span?.end(error);
      deps.onError(error, req, res);
    }
  }

  return (req, res) => void handle(req, res);
}
