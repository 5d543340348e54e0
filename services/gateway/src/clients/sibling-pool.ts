import { Pool, type Dispatcher } from "undici";

export interface SiblingPoolOptions {
  /** Instances of one service, used in turn. */
  readonly urls: readonly string[];
  readonly connectTimeoutMs: number;
  /** A connection takes no new call after this long; a standard one when absent. */
  readonly connectionLifeMs?: number;
}

/** Keep-alive connections to the instances of one sibling service. */
export interface SiblingPool {
  /** Sends to the next instance in turn. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  close(): Promise<void>;
}

/** Shorter than the servers' own 75 s: we never write to a connection that the other side is about to close. */
const keepAliveMs = 30_000;

/**
 * A name stands for many instances, and a balancer chooses one for each connection: with endless connections a new instance would
 * get no calls, and one that a release has switched away from would keep them.
 */
const standardConnectionLifeMs = 10_000;

/** The answer relay has its own timeouts: undici's would cut a silent stream. Connections are bounded by the calls in flight. */
export function createSiblingPool({
  urls,
  connectTimeoutMs,
  connectionLifeMs = standardConnectionLifeMs,
}: SiblingPoolOptions): SiblingPool {
  const pools = urls.map(
    (url) =>
      new Pool(url, {
        connections: null,
        pipelining: 1,
        clientTtl: connectionLifeMs,
        keepAliveTimeout: keepAliveMs,
        keepAliveMaxTimeout: keepAliveMs,
        headersTimeout: 0,
        bodyTimeout: 0,
        allowH2: false,
        connect: { timeout: connectTimeoutMs },
      }),
  );
  let turn = 0;
  return {
    dispatch: (options, handler) => {
      turn = (turn + 1) % pools.length;
      const pool = pools[turn];
      if (pool === undefined) throw new Error("a sibling service needs at least one URL");
      pool.dispatch(options, handler);
    },
    close: async () => {
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}
