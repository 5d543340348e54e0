import { invalid } from "../../domain/stripe-error.ts";
import type { List } from "../../domain/types.ts";

export interface Paging {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
}

export type CreatedRange =
  | number
  | { gt?: number | undefined; gte?: number | undefined; lt?: number | undefined; lte?: number | undefined }
  | undefined;

export function isWithin(created: number, range: CreatedRange): boolean {
  if (range === undefined) return true;
  if (typeof range === "number") return created === range;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return created > gt && created >= gte && created < lt && created <= lte;
}

/** One page, newest first, of objects that come oldest first. */
export function pageOf<T extends { readonly id: string }>(
  oldestFirst: readonly T[],
  { limit, starting_after: after, ending_before: before }: Paging,
  url: string,
): List<T> {
  const all = oldestFirst.toReversed();
  const indexOf = (id: string, param: string): number => {
    const index = all.findIndex((one) => one.id === id);
    if (index === -1) throw invalid(`No such object: '${id}'`, param, "resource_missing");
    return index;
  };
  if (before !== undefined) {
    const end = indexOf(before, "ending_before");
    const start = Math.max(0, end - limit);
    return { object: "list", data: all.slice(start, end), has_more: start > 0, url };
  }
  const start = after === undefined ? 0 : indexOf(after, "starting_after") + 1;
  return { object: "list", data: all.slice(start, start + limit), has_more: start + limit < all.length, url };
}
