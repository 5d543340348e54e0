import { embeddingTable } from "../../../domain/embedding-table.ts";
import { modelTable } from "../../../domain/model-table.ts";
import { createOpenAiCompatibleProvider } from "../openai-compatible/provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { readRefusal } from "./refusal.ts";

/** Chat completions, Responses and embeddings, as OpenAI documents them. */
export const openai: BuiltInProvider = {
  id: "openai",
  baseUrl: "https://api.openai.com/v1",
  models: [...modelTable.openai, ...embeddingTable.openai],
  create: (options) =>
    createOpenAiCompatibleProvider(options, {
      native: ["openai-chat", "openai-responses", "openai-embeddings"],
      readRefusal,
    }),
};
