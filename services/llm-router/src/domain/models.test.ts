import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { modelTable } from "./model-table.ts";
import { costNanoUsd, type Model, toUsdText } from "./models.ts";

const find = (models: readonly Model[], id: string): Model => models.find((one) => one.id === id)!;
const million = 1_000_000;

describe("what a call costs", () => {
  test("is what the provider's price list says for prompt and completion", () => {
    const tokens = { promptTokens: 10_000, completionTokens: 1000, estimated: false };
    expect(costNanoUsd(find(modelTable.openai, "gpt-4o-mini"), tokens)).toBe(10_000 * 150 + 1000 * 600);
  });

  test("counts tokens from the provider's cache at their own price, and those written to it at theirs", () => {
    const tokens = { completionTokens: 0, estimated: false, promptTokens: million, cachedPromptTokens: 600_000 };
    expect(costNanoUsd(find(modelTable.openai, "gpt-5.4"), tokens)).toBe(0.6 * 0.5e9 + 0.4 * 5e9);
    const written = { ...tokens, cachedPromptTokens: 0, cacheWriteTokens: 200_000 };
    expect(costNanoUsd(find(modelTable.anthropic, "claude-sonnet-4-6"), written)).toBe(0.2 * 3.75e9 + 0.8 * 3e9);
  });

  test("counts what is written to the provider's cache for an hour at twice the input's price", () => {
    const tokens = { completionTokens: 0, estimated: false, promptTokens: million };
    const written = { ...tokens, cacheWriteTokens: 300_000, hourCacheWriteTokens: 100_000 };
    const sonnet = 0.1 * 6e9 + 0.2 * 3.75e9 + 0.7 * 3e9;
    expect(costNanoUsd(find(modelTable.anthropic, "claude-sonnet-4-6"), written)).toBe(sonnet);
    expect(costNanoUsd(find(modelTable.mistral, "mistral-small-latest"), written)).toBe(0.15e9);
  });

  test("takes the higher price for all tokens of a long prompt", () => {
    const gemini = find(modelTable.google, "gemini-3.1-pro-preview");
    const cost = (promptTokens: number) =>
      costNanoUsd(gemini, { promptTokens, completionTokens: 1000, estimated: false });
    expect(cost(200_000)).toBe(200_000 * 2000 + 1000 * 12_000);
    expect(cost(200_001)).toBe(200_001 * 4000 + 1000 * 18_000);
  });

  test("is unknown, not nothing, where no price is known", () => {
    expect(costNanoUsd({ price: null }, { promptTokens: 5, completionTokens: 5, estimated: false })).toBeNull();
  });

  test("is an exact integer that never understates, for any model and any number of tokens", () => {
    const models = [...modelTable.openai, ...modelTable.anthropic, ...modelTable.google];
    const count = fc.integer({ min: 0, max: 2 * million });
    fc.assert(
      fc.property(fc.constantFrom(...models), count, count, count, (model, prompt, cached, completion) => {
        const tokens = {
          promptTokens: prompt + cached,
          cachedPromptTokens: cached,
          completionTokens: completion,
          estimated: false,
        };
        const cost = costNanoUsd(model, tokens)!;
        const { usual, long } = model.price!;
        const rate = long !== null && prompt + cached > long.beyondPromptTokens ? long.price : usual;
        const pico =
          BigInt(prompt) * BigInt(rate.input) +
          BigInt(cached) * BigInt(rate.cachedInput) +
          BigInt(completion) * BigInt(rate.output);
        expect(BigInt(cost)).toBe((pico + 999n) / 1000n);
      }),
    );
  });

  test("is written as exact dollars", () => {
    expect([0, 1, 30_600, 12_345_000_000].map(toUsdText)).toEqual([
      "0.000000000",
      "0.000000001",
      "0.000030600",
      "12.345000000",
    ]);
  });
});
