import type { Request, Response } from "express";
import type { Dialect } from "@topdog/dialects/dialect";
import { readBody } from "@topdog/http-kit/read-body";
import { startHotSpan } from "@topdog/telemetry/tracing";
import { AppError } from "@topdog/errors/app-error";
import type { Call, CallDeps } from "../usecases/call.ts";
import { completeCall, rejectCall } from "../usecases/complete-call.ts";
import { type AdmissionDeps, admittedCall } from "./admitted-call.ts";
import { markUnmetered } from "./http-answer.ts";

export interface ModelCallsDeps {
  readonly admission: AdmissionDeps;
  readonly calls: CallDeps;
  readonly maxBodyBytes: number;
  /** Calls at once, over all dialects; beyond it a call is refused, unrecorded. */
  readonly maxCalls: number;
}

type Handler = (req: Request, res: Response) => void;
type OnError = (error: unknown, req: Request, res: Response) => void;

/** Makes the handler of one dialect's calls. */
export function modelCalls(deps: ModelCallsDeps): (dialect: Dialect, onError: OnError) => Handler {
  let running = 0;

  async function serve(dialect: Dialect, req: Request, res: Response, call: Call): Promise<void> {
    let body: Buffer | null;
    try {
      body = await readBody(req, res, { maxBytes: deps.maxBodyBytes });
    } catch (error) {
      return rejectCall(deps.calls, dialect, call, error);
    }
    if (body === null) return rejectCall(deps.calls, dialect, call, new AppError("request_timeout"));
    await completeCall(deps.calls, dialect, call, body);
  }

  function admit(req: Request, res: Response): Call {
    try {
      const call = admittedCall(deps.admission, req, res);
      if (running >= deps.maxCalls) throw new AppError("overloaded", { retryAfterSeconds: 1 });
      return call;
    } catch (error) {
      markUnmetered(res);
      throw error;
    }
  }

  async function handle(dialect: Dialect, onError: OnError, req: Request, res: Response): Promise<void> {
    const traceparent = req.headers["traceparent"];
    const span = startHotSpan(`router ${dialect.endpoint}`, typeof traceparent === "string" ? traceparent : undefined);
    try {
      const call = admit(req, res);
      running += 1;
      await serve(dialect, req, res, call).finally(() => (running -= 1));
      span?.end();
    } catch (error) {
      span?.end(error);
      onError(error, req, res);
    }
  }

  return (dialect, onError) => (req, res) => void handle(dialect, onError, req, res);
}
