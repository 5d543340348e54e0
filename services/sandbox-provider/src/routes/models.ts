import type { RequestHandler } from "express";
import { sandboxModels } from "../domain/chat-request.ts";
import { modelBody } from "../domain/openai-shapes.ts";

/** GET /v1/models */
export function models(): RequestHandler {
  const body = { object: "list", data: sandboxModels.map(modelBody) };
  return (_req, res) => void res.json(body);
}
