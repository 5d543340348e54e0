/** A model that callers can name, and what its tokens cost us. */
export interface Model {
  readonly id: string;
  /** Models of a family share a provider's capacity, and so a breaker. */
  readonly family: string;
  readonly ownedBy: string;
  /** Unix seconds, as OpenAI's model list states it. */
  readonly created: number;
  /** 1e-9 US dollars; 1 USD per million tokens is 1000. */
  readonly promptNanoUsdPerToken: number;
  readonly completionNanoUsdPerToken: number;
}

/** When the prices below were last read from the provider's public list. */
export const pricesAsOf = "2026-03-21";

const model = (
  ownedBy: string,
  [id, family, created, promptNanoUsdPerToken, completionNanoUsdPerToken]: readonly [
    string,
    string,
    number,
    number,
    number,
  ],
): Model => ({ id, family, ownedBy, created, promptNanoUsdPerToken, completionNanoUsdPerToken });

export const sandboxModels: readonly Model[] = (
  [
    ["sandbox-small", "sandbox", 1_700_000_000, 150, 600],
    ["sandbox-large", "sandbox", 1_700_000_000, 2_500, 10_000],
  ] as const
).map((row) => model("topdog-sandbox", row));

/** Chat models of OpenAI. Cached prompt tokens are counted at the full price: the cost is never understated. */
export const openAiModels: readonly Model[] = (
  [
    ["gpt-5.4", "gpt-5", 1_772_582_400, 2_500, 15_000],
    ["gpt-5.2", "gpt-5", 1_765_411_200, 1_750, 14_000],
    ["gpt-5.1", "gpt-5", 1_762_992_000, 1_250, 10_000],
    ["gpt-5", "gpt-5", 1_754_524_800, 1_250, 10_000],
    ["gpt-5-mini", "gpt-5", 1_754_524_800, 250, 2_000],
    ["gpt-5-nano", "gpt-5", 1_754_524_800, 50, 400],
    ["gpt-4.1", "gpt-4.1", 1_744_588_800, 2_000, 8_000],
    ["gpt-4.1-mini", "gpt-4.1", 1_744_588_800, 400, 1_600],
    ["gpt-4.1-nano", "gpt-4.1", 1_744_588_800, 100, 400],
    ["gpt-4o", "gpt-4o", 1_715_558_400, 2_500, 10_000],
    ["gpt-4o-mini", "gpt-4o", 1_721_260_800, 150, 600],
    ["o3", "o-series", 1_744_761_600, 2_000, 8_000],
    ["o3-mini", "o-series", 1_738_281_600, 1_100, 4_400],
    ["o4-mini", "o-series", 1_744_761_600, 1_100, 4_400],
  ] as const
).map((row) => model("openai", row));

/** Integer nano-USD. */
export function costNanoUsd(priced: Model, promptTokens: number, completionTokens: number): number {
  return promptTokens * priced.promptNanoUsdPerToken + completionTokens * priced.completionNanoUsdPerToken;
}
