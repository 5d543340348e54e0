import type { DialectId } from "@topdog/dialects/dialect";
import { dialects } from "@topdog/dialects/dialects";
import type { ListedModel, ListedPrice } from "@topdog/dialects/models";
import { abilitiesOf } from "./model-abilities.ts";
import type { Model, PicoUsdPerToken } from "./models.ts";

const picoUsdPerDollarPerMillion = 1_000_000;
const dollars = (pico: number): number => pico / picoUsdPerDollarPerMillion;

const listedPrice = ({ input, cachedInput, cacheWrite, hourCacheWrite, output }: PicoUsdPerToken): ListedPrice => ({
  input: dollars(input),
  cachedInput: dollars(cachedInput),
  cacheWrite: dollars(cacheWrite),
  hourCacheWrite: dollars(hourCacheWrite),
  output: dollars(output),
});

/** A model as the list of models shows it. `offeredIn`: the dialects in which some upstream serves it. */
export function toListedModel(model: Model, offeredIn: readonly DialectId[]): ListedModel {
  const { id, created, ownedBy, contextTokens, maxOutputTokens, price } = model;
  const long = price?.long ?? null;
  return {
    id,
    created,
    ownedBy,
    contextTokens,
    maxOutputTokens,
    price: price === null ? null : listedPrice(price.usual),
    longPrice: long === null ? null : { ...listedPrice(long.price), beyondPromptTokens: long.beyondPromptTokens },
    abilities: abilitiesOf(model),
    endpoints: dialects.filter((dialect) => offeredIn.includes(dialect.id)).flatMap(({ paths }) => paths),
  };
}
