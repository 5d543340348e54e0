import { modelTable } from "../../../domain/model-table.ts";
import type { ChatRules } from "../openai-compatible/chat-rules.ts";
import { createOpenAiCompatibleProvider } from "../openai-compatible/provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { readRefusal } from "./refusal.ts";

/** docs.mistral.ai/api: members that it does not know are a 422. Streams state their usage unasked. */
const rules: ChatRules = {
  renamed: { max_completion_tokens: "max_tokens", seed: "random_seed" },
  omitted: ["stream_options", "logprobs", "top_logprobs", "logit_bias", "modalities"],
  dropped: ["user", "safety_identifier", "store", "service_tier", "verbosity", "prompt_cache_key"],
  refused: { logprobs: /true/, top_logprobs: /[1-9]/, logit_bias: /:/ },
};

export const mistral: BuiltInProvider = {
  id: "mistral",
  baseUrl: "https://api.mistral.ai/v1",
  models: modelTable.mistral,
  create: (options) => createOpenAiCompatibleProvider(options, { native: ["openai-chat"], readRefusal, rules }),
};
