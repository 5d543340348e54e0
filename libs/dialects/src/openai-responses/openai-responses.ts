import type { Dialect } from "../dialect.ts";
import { openAiErrors, openAiRefusalBody } from "../openai-errors.ts";
import { readAnswer } from "./answer.ts";
import { inbound } from "./inbound.ts";
import { outbound } from "./outbound.ts";
import { readRequest } from "./request.ts";
import { stream } from "./stream.ts";

/** OpenAI's Responses, without what it stores. */
export const openAiResponses: Dialect = {
  id: "openai-responses",
  endpoint: "responses",
  method: "POST",
  paths: ["/v1/responses"],
  cost: ["api_calls", "llm_requests"],
  errors: openAiErrors,
  passedHeaders: [],
  refusalBody: openAiRefusalBody,
  readRequest,
  readAnswer,
  stream,
  inbound,
  outbound,
};
