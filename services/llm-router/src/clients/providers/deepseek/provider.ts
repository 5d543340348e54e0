import { modelTable } from "../../../domain/model-table.ts";
import type { ChatRules } from "../openai-compatible/chat-rules.ts";
import { createOpenAiCompatibleProvider } from "../openai-compatible/provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { readRefusal } from "./refusal.ts";

/** api-docs.deepseek.com: one answer to a call, and JSON without a schema. */
const rules: ChatRules = {
  renamed: { max_completion_tokens: "max_tokens" },
  omitted: ["n"],
  dropped: ["user", "safety_identifier", "store", "metadata", "service_tier", "seed", "verbosity", "prompt_cache_key"],
  refused: { n: /^(?!1$|null$)/, response_format: /json_schema/, logit_bias: /:/ },
};

export const deepseek: BuiltInProvider = {
  id: "deepseek",
  baseUrl: "https://api.deepseek.com/v1",
  models: modelTable.deepseek,
  create: (options) => createOpenAiCompatibleProvider(options, { native: ["openai-chat"], readRefusal, rules }),
};
