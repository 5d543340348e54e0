import { anthropicErrors, anthropicRefusalBody } from "../anthropic-errors.ts";
import type { Dialect } from "../dialect.ts";
import { readAnswer } from "./answer.ts";
import { inbound } from "./inbound.ts";
import { outbound } from "./outbound.ts";
import { readRequest } from "./request.ts";
import { stream } from "./stream.ts";

/** Anthropic's Messages. */
export const anthropicMessages: Dialect = {
  id: "anthropic-messages",
  endpoint: "messages",
  method: "POST",
  paths: ["/v1/messages"],
  cost: ["api_calls", "llm_requests"],
  errors: anthropicErrors,
  refusalBody: anthropicRefusalBody,
  passedHeaders: ["anthropic-version", "anthropic-beta"],
  readRequest,
  readAnswer,
  stream,
  inbound,
  outbound,
};
