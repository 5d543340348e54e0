import { planIds } from "@topdog/contracts/plans";

/** Of callers that no evaluator names the plan of. */
const unknownPlan = "unknown";
export const judgedPlans = [...planIds, unknownPlan] as const;
export type JudgedPlan = (typeof judgedPlans)[number];

export const maxOutputs = 20;
export const maxOutputCharacters = 20_000;

const tokensOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));

/** Of the two sets of words, the share that both have; 1 for two without any. */
function jaccard(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const all = one.union(other).size;
  return all === 0 ? 1 : one.intersection(other).size / all;
}

/** How alike several answers to one question are, 0 to 1: the mean Jaccard index of their sets of words over all pairs. At least two. */
export function consistencyOf(outputs: readonly string[]): number {
  const sets = outputs.map(tokensOf);
  const pairs = sets.flatMap((one, index) => sets.slice(index + 1).map((other) => jaccard(one, other)));
  if (pairs.length === 0) throw new Error("one answer has no consistency");
  return pairs.reduce((sum, one) => sum + one, 0) / pairs.length;
}
