import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { consistencyOf } from "./answer-consistency.ts";

test("answers of the same words are wholly alike, whatever their order, case and signs", () => {
  expect(consistencyOf(["Paris, it is.", "it is PARIS", "Is it Paris?"])).toBe(1);
  expect(consistencyOf(["", "…"])).toBe(1);
});

test("is the mean over all pairs of the share of common words", () => {
  expect(consistencyOf(["a b", "b c"])).toBeCloseTo(1 / 3);
  expect(consistencyOf(["a", "a", "b"])).toBeCloseTo(1 / 3);
  expect(consistencyOf(["größe 10", "Größe 20"])).toBeCloseTo(1 / 3);
});

test("lies between 0 and 1 and does not depend on the order of the answers", () => {
  const outputs = fc.array(fc.string({ unit: "grapheme" }), { minLength: 2, maxLength: 8, size: "max" });
  fc.assert(
    fc.property(outputs, (texts) => {
      const score = consistencyOf(texts);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(consistencyOf(texts.toReversed())).toBeCloseTo(score);
    }),
  );
});
