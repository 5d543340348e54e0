import type { ErrorFormat } from "@topdog/errors/error-format";
import { anthropicMessages } from "./anthropic-messages/anthropic-messages.ts";
import type { Dialect, DialectId, StreamingDialect } from "./dialect.ts";
import { countTokensOperation } from "./count-tokens.ts";
import { modelsForAnthropic, modelsOperation } from "./models.ts";
import { openAiErrors } from "./openai-errors.ts";
import { openAiEmbeddings } from "./openai-embeddings/openai-embeddings.ts";
import { openAiChat } from "./openai-chat/openai-chat.ts";
import { openAiResponses } from "./openai-responses/openai-responses.ts";
import type { Operation } from "./operation.ts";
import { storedResponseOperations } from "./stored-responses.ts";

const byId: Readonly<Record<DialectId, Dialect>> = {
  "openai-chat": openAiChat,
  "anthropic-messages": anthropicMessages,
  "openai-responses": openAiResponses,
  "openai-embeddings": openAiEmbeddings,
};

export const dialects: readonly Dialect[] = Object.values(byId);

export const streamingDialects: readonly StreamingDialect[] = dialects.filter(
  (dialect): dialect is StreamingDialect => dialect.stream !== null,
);

/** Every operation of the LLM API that is admitted and charged. */
export const operations: readonly Operation[] = [
  ...dialects,
  countTokensOperation,
  modelsOperation,
  ...Object.values(storedResponseOperations),
];

/** Clients of Anthropic's API say so by a header, where an address belongs to both: errors are told in its shape. */
export const operationFor = (operation: Operation, anthropicVersion: unknown): Operation =>
  operation === modelsOperation && anthropicVersion !== undefined ? modelsForAnthropic : operation;

/** In what shape a documented path and all below it tells errors; addresses that belong to no operation do as OpenAI's. */
export const errorsAt = (path: string): ErrorFormat =>
  operations.find(({ paths }) => paths.some((own) => path === own || path.startsWith(`${own}/`)))?.errors ??
  openAiErrors;
