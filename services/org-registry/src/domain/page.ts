/** One page of a list. `next` is the sort position to continue after: that of the last item, null on the last page. */
export interface Page<Item, Position> {
  readonly items: readonly Item[];
  readonly next: Position | null;
}

export interface PageQuery<Position> {
  readonly after: Position | null;
  readonly limit: number;
}

/** Reading one row more than a page shows whether another page follows. */
export const withOneMore = <P>({ after, limit }: PageQuery<P>): PageQuery<P> => ({ after, limit: limit + 1 });

/** Cuts a page out of the rows that were read with one more. */
export function pageOf<Item, Position>(
  rows: readonly Item[],
  limit: number,
  positionOf: (row: Item) => Position,
): Page<Item, Position> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? positionOf(last) : null };
}
