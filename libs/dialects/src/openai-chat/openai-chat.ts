import type { Dialect } from "../dialect.ts";
import { openAiErrors, openAiRefusalBody } from "../openai-errors.ts";
import { readAnswer } from "./answer.ts";
import { inbound } from "./inbound.ts";
import { outbound } from "./outbound.ts";
import { readRequest } from "./request.ts";
import { stream } from "./stream.ts";

/** OpenAI's chat completions. */
export const openAiChat: Dialect = {
  id: "openai-chat",
  endpoint: "chat.completions",
  method: "POST",
  paths: ["/v1/chat/completions"],
  cost: ["api_calls", "llm_requests"],
  errors: openAiErrors,
  refusalBody: openAiRefusalBody,
  passedHeaders: [],
  readRequest,
  readAnswer,
  stream,
  inbound,
  outbound,
};
