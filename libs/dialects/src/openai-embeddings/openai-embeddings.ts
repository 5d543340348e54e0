import type { Dialect } from "../dialect.ts";
import { openAiErrors, openAiRefusalBody } from "../openai-errors.ts";
import { readAnswer } from "./answer.ts";
import { readRequest } from "./request.ts";

/** OpenAI's embeddings: vectors of texts. They hold no conversation and are never streamed. */
export const openAiEmbeddings: Dialect = {
  id: "openai-embeddings",
  endpoint: "embeddings",
  method: "POST",
  paths: ["/v1/embeddings"],
  cost: ["api_calls", "llm_requests"],
  errors: openAiErrors,
  refusalBody: openAiRefusalBody,
  passedHeaders: [],
  readRequest,
  readAnswer,
  stream: null,
  inbound: null,
  outbound: null,
};
