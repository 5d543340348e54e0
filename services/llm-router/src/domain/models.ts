import type { TokenUsage } from "@topdog/dialects/token-usage";

/** A model that callers can name, and what its tokens cost us. */
export interface Model {
  readonly id: string;
  /** Models of a family share a provider's capacity, and so a breaker. */
  readonly family: string;
  readonly ownedBy: string;
  /** What it makes; absent: it holds conversations. */
  readonly kind?: "embeddings" | undefined;
  /** Unix seconds, as OpenAI's model list states it. */
  readonly created: number;
  /** Null where nobody has said. */
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  /** Null: unknown. It is never guessed; what such calls cost is flagged as unknown. */
  readonly price: ModelPrice | null;
}

/** 1e-12 US dollars for each token; 1 USD per million tokens is 1,000,000. Integers. */
export interface PicoUsdPerToken {
  /** Of text and images alike: providers count an image in tokens of input. */
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  /** Of what the provider keeps for an hour. */
  readonly hourCacheWrite: number;
  /** Reasoning included. */
  readonly output: number;
}

export interface ModelPrice {
  readonly usual: PicoUsdPerToken;
  /** What all tokens of a call cost whose prompt is longer. */
  readonly long: { readonly beyondPromptTokens: number; readonly price: PicoUsdPerToken } | null;
}

const picoPerNano = 1000;

/** Integer nano-USD, rounded up; null when the model's price is unknown. */
export function costNanoUsd({ price }: Pick<Model, "price">, tokens: TokenUsage): number | null {
  if (price === null) return null;
  const { promptTokens, completionTokens, cachedPromptTokens = 0, cacheWriteTokens = 0 } = tokens;
  const { hourCacheWriteTokens = 0 } = tokens;
  const { usual, long } = price;
  const rate = long !== null && promptTokens > long.beyondPromptTokens ? long.price : usual;
  const fresh = Math.max(0, promptTokens - cachedPromptTokens - cacheWriteTokens);
  const pico =
    fresh * rate.input +
    cachedPromptTokens * rate.cachedInput +
    (cacheWriteTokens - hourCacheWriteTokens) * rate.cacheWrite +
    hourCacheWriteTokens * rate.hourCacheWrite +
    completionTokens * rate.output;
  return Math.ceil(pico / picoPerNano);
}

/** For ordering: an unknown price counts as the highest. */
export const rankingPrice = ({ price }: Pick<Model, "price">): number =>
  price === null ? Number.MAX_SAFE_INTEGER : price.usual.input + price.usual.output;

const nanoPerUsd = 1_000_000_000;
const nanoDigits = 9;

/** US dollars as decimal text, exact. */
export function toUsdText(nanoUsd: number): string {
  const whole = Math.floor(nanoUsd / nanoPerUsd);
  return `${whole}.${String(nanoUsd % nanoPerUsd).padStart(nanoDigits, "0")}`;
}
