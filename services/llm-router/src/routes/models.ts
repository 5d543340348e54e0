import type { Request, Response } from "express";
import { modelBody, modelListBody } from "@topdog/dialects/models";
import { findModel, listModels, type ModelsDeps } from "../usecases/list-models.ts";
import type { Call } from "../usecases/call.ts";
import { type AdmissionDeps, admittedCall } from "./admitted-call.ts";
import { markUnmetered } from "./http-answer.ts";

export interface ModelRoutesDeps {
  readonly admission: AdmissionDeps;
  readonly models: ModelsDeps;
}

type Handler = (req: Request, res: Response) => Promise<void>;

function admitted(deps: ModelRoutesDeps, answer: (call: Call, req: Request) => Promise<object>): Handler {
  return async (req, res) => {
    let call: Call;
    try {
      call = admittedCall(deps.admission, req, res);
    } catch (error) {
      markUnmetered(res);
      throw error;
    }
    res.json(await answer(call, req));
  };
}

/** GET /v1/models */
export const modelList = (deps: ModelRoutesDeps): Handler =>
  admitted(deps, async (call) => modelListBody(await listModels(deps.models, call)));

/** GET /v1/models/:model */
export const modelById = (deps: ModelRoutesDeps): Handler =>
  admitted(deps, async (call, req) => modelBody(await findModel(deps.models, call, String(req.params["model"]))));
