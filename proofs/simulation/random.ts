/** Numbers that follow from a seed alone. */
export interface Random {
  /** A whole number from 0 to `most`, both included. */
  upTo(most: number): number;
  /** True so many times of a hundred. */
  percent(share: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
}

/** mulberry32, by Tommy Ettinger: 32 bits of state, far more than a history draws. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    upTo: (most) => Math.floor(next() * (most + 1)),
    percent: (share) => next() * 100 < share,
    pick: (from) => from[Math.floor(next() * from.length)] ?? from[0],
  };
}
