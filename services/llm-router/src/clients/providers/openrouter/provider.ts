import { modelTable } from "../../../domain/model-table.ts";
import type { ChatRules } from "../openai-compatible/chat-rules.ts";
import { createOpenAiCompatibleProvider } from "../openai-compatible/provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { readRefusal } from "./refusal.ts";

/** openrouter.ai/docs: these would choose another model than the one that is metered, or add what costs extra. */
const rules: ChatRules = {
  refused: { models: /"/, route: /"/, provider: /:/, plugins: /:/, preset: /"/ },
};

export const openrouter: BuiltInProvider = {
  id: "openrouter",
  baseUrl: "https://openrouter.ai/api/v1",
  models: modelTable.openrouter,
  create: (options) => createOpenAiCompatibleProvider(options, { native: ["openai-chat"], readRefusal, rules }),
};
