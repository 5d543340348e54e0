import { modelTable } from "../../../domain/model-table.ts";
import type { ChatRules } from "../openai-compatible/chat-rules.ts";
import { createOpenAiCompatibleProvider } from "../openai-compatible/provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { readRefusal } from "./refusal.ts";

/** docs.together.ai: `logprobs` is a number there, and a stream states its usage unasked. */
const rules: ChatRules = {
  renamed: { max_completion_tokens: "max_tokens" },
  omitted: ["logprobs", "top_logprobs"],
  dropped: ["user", "safety_identifier", "store", "metadata", "service_tier", "verbosity", "prompt_cache_key"],
  refused: { logprobs: /true/, top_logprobs: /[1-9]/ },
};

export const together: BuiltInProvider = {
  id: "together",
  baseUrl: "https://api.together.xyz/v1",
  models: modelTable.together,
  create: (options) => createOpenAiCompatibleProvider(options, { native: ["openai-chat"], readRefusal, rules }),
};
