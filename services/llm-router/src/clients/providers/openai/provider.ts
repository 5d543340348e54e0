import { embeddingTable } from "../../../domain/embedding-table.ts";
import { modelTable } from "../../../domain/model-table.ts";
import type { ChatRules } from "../openai-compatible/chat-rules.ts";
import { createOpenAiCompatibleProvider } from "../openai-compatible/provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { readRefusal } from "./refusal.ts";

/** A tier that costs more than the price list says. */
const rules: ChatRules = { refused: { service_tier: /"priority"/ } };

/** Chat completions, Responses and embeddings, as OpenAI documents them. */
export const openai: BuiltInProvider = {
  id: "openai",
  baseUrl: "https://api.openai.com/v1",
  models: [...modelTable.openai, ...embeddingTable.openai],
  create: (options) =>
    createOpenAiCompatibleProvider(options, {
      native: ["openai-chat", "openai-responses", "openai-embeddings"],
      readRefusal,
      rules,
    }),
};
