const firstMs = 500;
const mostMs = 30_000;

/** How long to wait after so many failures in a row: twice as long each time, and spread out, so that pages do not come back all at once. */
export function backOffMs(failures: number, random: number): number {
  const longest = Math.min(mostMs, firstMs * 2 ** failures);
  return Math.round(longest * (0.5 + random / 2));
}
