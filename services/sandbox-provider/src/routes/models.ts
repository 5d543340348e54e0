import type { RequestHandler } from "express";
import { modelListBody } from "@topdog/dialects/models";
import { sandboxModels } from "../domain/sandbox-models.ts";

const created = 1_700_000_000;

/** GET /v1/models */
export function models(): RequestHandler {
  const unsaid = { contextTokens: null, maxOutputTokens: null, price: null, longPrice: null, abilities: null };
  const models = sandboxModels.map((id) => ({ id, created, ownedBy: "topdog-sandbox", ...unsaid, endpoints: [] }));
  const body = modelListBody(models);
  return (_req, res) => void res.json(body);
}
