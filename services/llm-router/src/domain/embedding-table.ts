import { priceOf } from "./model-table.ts";
import type { Model } from "./models.ts";

type Row = readonly [id: string, released: string, inputDollars: number, contextTokens: number];

const embeddings = (ownedBy: string, rows: readonly Row[]): readonly Model[] =>
  rows.map(([id, released, input, contextTokens]) => ({
    id,
    family: "embeddings",
    ownedBy,
    kind: "embeddings",
    created: Date.parse(`${released}T00:00:00Z`) / 1000,
    contextTokens,
    maxOutputTokens: null,
    price: { usual: priceOf([input, null, null, 0]), long: null },
  }));

/** By provider: models that make vectors of texts. Prices as of `pricesAsOf`. */
export const embeddingTable = {
  sandbox: embeddings("topdog-sandbox", [["sandbox-embedding", "2023-11-14", 0.02, 8191]]),
  openai: embeddings("openai", [
    ["text-embedding-3-small", "2024-01-25", 0.02, 8191],
    ["text-embedding-3-large", "2024-01-25", 0.13, 8191],
    ["text-embedding-ada-002", "2022-12-15", 0.1, 8191],
  ]),
} as const;
