import type { Secret } from "@topdog/config/secret";
import type { DialectId } from "@topdog/dialects/dialect";
import type { OutgoingRequest, RefusalReader } from "../../provider-http/http-api.ts";
import { createHttpProvider, type HttpOptions } from "../../provider-http/http-provider.ts";
import type { Provider, ProviderCall } from "../provider.ts";
import { adaptChat, type ChatRules } from "./chat-rules.ts";

/** Under the base URL; the same at everybody who speaks these dialects. */
const paths: Readonly<Record<DialectId, string>> = {
  "openai-chat": "chat/completions",
  "anthropic-messages": "messages",
  "openai-responses": "responses",
  "openai-embeddings": "embeddings",
};

export const bearer = (_request: OutgoingRequest, credential: Secret): readonly string[] => [
  "authorization",
  `Bearer ${credential.reveal()}`,
];
export const dialectPath = ({ format }: ProviderCall): string => paths[format.id as DialectId];

export interface CompatibleApi {
  readonly native: readonly DialectId[];
  readonly readRefusal: RefusalReader;
  readonly rules?: ChatRules;
}

/** Any endpoint that speaks OpenAI's APIs, such as vLLM's and Ollama's, or others beside it. */
export const createOpenAiCompatibleProvider = (
  options: HttpOptions,
  { native, readRefusal, rules }: CompatibleApi,
): Provider =>
  createHttpProvider(options, {
    native,
    pathOf: dialectPath,
    authorize: bearer,
    ...(rules === undefined ? {} : { adapt: (call) => adaptChat(call, rules) }),
    readRefusal,
    checkPath: "models",
  });
