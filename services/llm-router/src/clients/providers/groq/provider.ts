import { modelTable } from "../../../domain/model-table.ts";
import type { ChatRules } from "../openai-compatible/chat-rules.ts";
import { createOpenAiCompatibleProvider } from "../openai-compatible/provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { readRefusal } from "./refusal.ts";

/** console.groq.com/docs/openai: any of the first four is a 400, also where it asks for nothing. */
const rules: ChatRules = {
  omitted: ["logprobs", "top_logprobs", "logit_bias", "n"],
  dropped: ["store", "metadata", "safety_identifier", "prompt_cache_key"],
  refused: { logprobs: /true/, top_logprobs: /[1-9]/, logit_bias: /:/, n: /^(?!1$|null$)/ },
};

export const groq: BuiltInProvider = {
  id: "groq",
  baseUrl: "https://api.groq.com/openai/v1",
  models: modelTable.groq,
  create: (options) => createOpenAiCompatibleProvider(options, { native: ["openai-chat"], readRefusal, rules }),
};
