export function median(values: readonly number[]): number {
  return percentile(
    [...values].toSorted((a, b) => a - b),
    50,
  );
}

/** The nearest-rank percentile of values in ascending order; 0 of nothing. */
export function percentile(ascending: readonly number[], percent: number): number {
  const rank = Math.ceil((percent / 100) * ascending.length);
  return ascending[Math.max(0, rank - 1)] ?? 0;
}
