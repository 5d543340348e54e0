import { z } from "zod";
import { priceOf } from "../domain/model-table.ts";
import type { Model } from "../domain/models.ts";

const dollars = z.number().min(0).max(10_000);

/** What an operator pays instead of the list price, in US dollars per million tokens. */
export const priceOverridesSchema = z
  .array(
    z.strictObject({
      model: z.string().min(1).max(200),
      /** Absent: at every upstream that serves the model. */
      upstream: z.string().min(1).max(40).optional(),
      input: dollars,
      cachedInput: dollars.optional(),
      cacheWrite: dollars.optional(),
      hourCacheWrite: dollars.optional(),
      output: dollars,
    }),
  )
  .max(1000);
export type PriceOverrides = z.infer<typeof priceOverridesSchema>;

/** The last entry that fits counts. */
export function withOverrides(upstreamId: string, models: readonly Model[], overrides: PriceOverrides): Model[] {
  return models.map((model) => {
    const found = overrides.findLast(
      (one) => one.model === model.id && (one.upstream === undefined || one.upstream === upstreamId),
    );
    if (found === undefined) return model;
    const { input, cachedInput = null, cacheWrite = null, hourCacheWrite, output } = found;
    return {
      ...model,
      price: { usual: priceOf([input, cachedInput, cacheWrite, output], hourCacheWrite), long: null },
    };
  });
}
