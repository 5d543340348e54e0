import { anthropicErrors } from "./anthropic-errors.ts";
import { openAiErrors } from "./openai-errors.ts";
import type { Operation } from "./operation.ts";

/** GET /v1/models and one of them. */
export const modelsOperation = {
  endpoint: "models",
  method: "GET",
  paths: ["/v1/models", "/v1/models/:model"],
  cost: [],
  errors: openAiErrors,
  passedHeaders: ["anthropic-version"],
  stream: null,
} as const satisfies Operation;

/** The same, asked by a client of Anthropic's API: the answer is readable by both, errors are its own. */
export const modelsForAnthropic: Operation = { ...modelsOperation, errors: anthropicErrors };

/** US dollars for a million tokens, as providers state prices. */
export interface ListedPrice {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly hourCacheWrite: number;
  readonly output: number;
}

export interface ListedModel {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly ownedBy: string;
  /** Null where nobody has said. */
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly price: ListedPrice | null;
  /** What a prompt of more tokens costs altogether. */
  readonly longPrice: (ListedPrice & { readonly beyondPromptTokens: number }) | null;
  /** What can be asked of it; null where nobody has said. */
  readonly abilities: readonly ModelAbility[] | null;
  /** Addresses at which it can be called. */
  readonly endpoints: readonly string[];
}

export const modelAbilities = ["tools", "images", "documents", "json_schema", "reasoning", "embeddings"] as const;
export type ModelAbility = (typeof modelAbilities)[number];

const priceBody = ({ input, cachedInput, cacheWrite, hourCacheWrite, output }: ListedPrice): object => ({
  input,
  cached_input: cachedInput,
  cache_write: cacheWrite,
  cache_write_1h: hourCacheWrite,
  output,
});

function pricingBody({ price, longPrice }: ListedModel): object | null {
  if (price === null) return null;
  const long =
    longPrice === null ? {} : { long: { beyond_prompt_tokens: longPrice.beyondPromptTokens, ...priceBody(longPrice) } };
  return { currency: "USD", per_tokens: 1_000_000, ...priceBody(price), ...long };
}

const supported = (is: boolean): object => ({ supported: is });

/** What Anthropic's API says of a model's abilities, as far as it is known here. */
const capabilitiesBody = (abilities: readonly ModelAbility[] | null): object | null =>
  abilities === null
    ? null
    : {
        image_input: supported(abilities.includes("images")),
        pdf_input: supported(abilities.includes("documents")),
        structured_outputs: supported(abilities.includes("json_schema")),
        thinking: supported(abilities.includes("reasoning")),
      };

const isoOf = (unixSeconds: number): string => `${new Date(unixSeconds * 1000).toISOString().slice(0, -5)}Z`;

/** One shape that the SDKs of OpenAI and of Anthropic both read; what neither has is beside it. */
export const modelBody = (model: ListedModel): object => ({
  id: model.id,
  object: "model",
  created: model.created,
  owned_by: model.ownedBy,
  type: "model",
  display_name: model.id,
  created_at: isoOf(model.created),
  max_input_tokens: model.contextTokens,
  max_tokens: model.maxOutputTokens,
  capabilities: capabilitiesBody(model.abilities),
  context_length: model.contextTokens,
  max_output_tokens: model.maxOutputTokens,
  abilities: model.abilities,
  endpoints: model.endpoints,
  pricing: pricingBody(model),
});

/** The whole list is one page. */
export const modelListBody = (models: readonly ListedModel[]): object => ({
  object: "list",
  data: models.map(modelBody),
  has_more: false,
  first_id: models[0]?.id ?? null,
  last_id: models.at(-1)?.id ?? null,
});
