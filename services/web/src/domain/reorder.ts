interface Ordered {
  readonly id: string;
  readonly order: number;
}

const step = 10;

/** Which orders must change so that one thing comes one place earlier (-1) or later (1); the list is in its present order. */
export function reorder(list: readonly Ordered[], id: string, by: -1 | 1): Ordered[] {
  const from = list.findIndex((one) => one.id === id);
  const to = from + by;
  const moved = list[from];
  const other = list[to];
  if (moved === undefined || other === undefined) return [];
  return list
    .toSpliced(from, 1, other)
    .toSpliced(to, 1, moved)
    .map((one, index) => ({ id: one.id, order: (index + 1) * step, was: one.order }))
    .filter(({ order, was }) => order !== was)
    .map(({ id: changed, order }) => ({ id: changed, order }));
}
