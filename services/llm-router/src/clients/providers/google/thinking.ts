import type { Conversation, ReasoningEffort } from "@topdog/dialects/conversation";

/** Gemini 2.5 takes a number of tokens, in the amounts that Google's own OpenAI endpoint gives the words; later models take a level. */
const budgets: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};
const levels: Readonly<Record<ReasoningEffort, string>> = {
  none: "minimal",
  minimal: "minimal",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
  max: "high",
};
/** Pro models cannot think less. */
const leastBudgetOfPro = 128;
const leastLevelOfPro = "low";

/** Either a budget or a level, never both; nothing where the caller said nothing. */
export function thinkingConfig({ model, reasoning }: Conversation, dropped: string[]): object | null {
  if (reasoning === null) return null;
  const { effort, budgetTokens, shown } = reasoning;
  const isPro = model.includes("-pro");
  if (isPro && effort === "none") dropped.push("reasoning.effort");
  const includeThoughts = shown && effort !== "none";
  if (budgetTokens !== null) return { includeThoughts, thinkingBudget: budgetTokens };
  if (effort === null) return { includeThoughts };
  if (model.startsWith("gemini-2")) {
    return { includeThoughts, thinkingBudget: isPro ? Math.max(leastBudgetOfPro, budgets[effort]) : budgets[effort] };
  }
  const level = levels[effort];
  return { includeThoughts, thinkingLevel: isPro && level === "minimal" ? leastLevelOfPro : level };
}
