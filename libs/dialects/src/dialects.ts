import type { ErrorFormat } from "@topdog/errors/error-format";
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

/** In what shape a documented path and all below it tells errors; addresses that belong to no operation do as OpenAI's. */
export const errorsAt = (path: string): ErrorFormat =>
  operations.find(({ paths }) => paths.some((own) => path === own || path.startsWith(`${own}/`)))?.errors ??
  openAiErrors;
