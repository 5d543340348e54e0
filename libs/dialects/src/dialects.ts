import { anthropicMessages } from "./anthropic-messages/anthropic-messages.ts";
import type { Dialect, DialectId } from "./dialect.ts";
import { modelsOperation } from "./models.ts";
import { openAiErrors } from "./openai-errors.ts";
import { openAiChat } from "./openai-chat/openai-chat.ts";
import { openAiResponses } from "./openai-responses/openai-responses.ts";
import type { Operation } from "./operation.ts";

const byId: Readonly<Record<DialectId, Dialect>> = {
  "openai-chat": openAiChat,
  "anthropic-messages": anthropicMessages,
  "openai-responses": openAiResponses,
};

export const dialects: readonly Dialect[] = Object.values(byId);

/** Every operation of the LLM API that is admitted and charged. */
export const operations: readonly Operation[] = [...dialects, modelsOperation];

/** For addresses under /v1 that belong to no operation. */
export const defaultErrors = openAiErrors;
