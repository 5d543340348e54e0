import type { RequestHandler } from "express";
import { modelListBody } from "@topdog/dialects/models";
import { sandboxModels } from "../domain/sandbox-models.ts";

const created = 1_700_000_000;

/** GET /v1/models */
export function models(): RequestHandler {
  const body = modelListBody(sandboxModels.map((id) => ({ id, created, ownedBy: "topdog-sandbox" })));
  return (_req, res) => void res.json(body);
}
