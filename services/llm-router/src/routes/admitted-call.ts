import type { Request, Response } from "express";
import { type AdmittedCall, principalHeaderName, verifyPrincipalHeader } from "@topdog/contracts/principal-header";
import { AppError } from "@topdog/errors/app-error";
import { setRequestId } from "@topdog/http-kit/request-id";
import { callOrigin } from "../domain/usage-record.ts";
import type { Call } from "../usecases/call.ts";
import { httpAnswer } from "./http-answer.ts";

export interface AdmissionDeps {
  readonly principalSecret: string;
  readonly nowMs: () => number;
}

/** Only the gateway, which holds the secret, may call: and only for a call that it has charged. Throws AppError 401. */
export function admittedCall(deps: AdmissionDeps, req: Request, res: Response): Call {
  const nowMs = deps.nowMs();
  const header = req.headers[principalHeaderName];
  const caller = verifyPrincipalHeader(typeof header === "string" ? header : undefined, deps.principalSecret, nowMs);
  if (caller === null || caller.kind !== "call") {
    throw new AppError("invalid_api_key", { detail: "This address takes calls from the gateway only." });
  }
  return callOf(caller, nowMs, req, res);
}

function callOf(caller: AdmittedCall, nowMs: number, req: Request, res: Response): Call {
  setRequestId(req, res, caller.requestId);
  const { traceparent } = req.headers;
  const trace = typeof traceparent === "string" ? traceparent : undefined;
  return { origin: callOrigin(caller, trace, nowMs), deadlineMs: caller.deadlineMs, answer: httpAnswer(res) };
}
