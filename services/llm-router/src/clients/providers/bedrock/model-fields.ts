import type { Conversation, ReasoningEffort } from "@topdog/dialects/conversation";

const leastBudgetTokens = 1024;
const defaultMaxTokens = 8192;

/** Three words are all that these models know. */
const words: Readonly<Record<ReasoningEffort, "low" | "medium" | "high">> = {
  none: "low",
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
  max: "high",
};

/** As Anthropic's own API takes it. */
function claudeFields({ reasoning, sampling, maxOutputTokens }: Conversation): Record<string, unknown> {
  const topK = sampling.topK === null ? {} : { top_k: sampling.topK };
  if (reasoning === null) return topK;
  const { effort, budgetTokens } = reasoning;
  if (effort === "none") return { ...topK, thinking: { type: "disabled" } };
  const config = effort === null ? {} : { output_config: { effort: effort === "minimal" ? "low" : effort } };
  if (budgetTokens === null) return { ...topK, thinking: { type: "adaptive" }, ...config };
  const most = (maxOutputTokens ?? defaultMaxTokens) - 1;
  const budget = Math.max(leastBudgetTokens, Math.min(budgetTokens, most));
  return { ...topK, thinking: { type: "enabled", budget_tokens: budget }, ...config };
}

/** Members of a request that Converse hands on to the model as they are. */
export function modelFields(conversation: Conversation, dropped: string[]): object | null {
  const { model, reasoning, sampling } = conversation;
  if (model.includes("anthropic.")) {
    const fields = claudeFields(conversation);
    return Object.keys(fields).length === 0 ? null : fields;
  }
  if (sampling.topK !== null) dropped.push("sampling.topK");
  const effort = reasoning?.effort ?? null;
  if (effort !== null && model.includes("openai.")) return { reasoning_effort: words[effort] };
  if (effort !== null && model.includes("nova-2")) {
    const type = effort === "none" ? "disabled" : "enabled";
    return { reasoningConfig: { type, ...(effort === "none" ? {} : { maxReasoningEffort: words[effort] }) } };
  }
  if (reasoning !== null && effort !== "none") dropped.push("reasoning");
  return null;
}
