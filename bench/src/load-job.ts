/** One measurement for the load generator: exactly one of `rate` and back-to-back. */
export interface LoadJob {
  readonly host: string;
  readonly port: number;
  /** API keys, taken by turns: one for each connection. */
  readonly keys: readonly string[];
  readonly body: string;
  readonly connections: number;
  readonly durationMs: number;
  /** Requests per second; null sends the next one as soon as an answer is complete. */
  readonly ratePerSecond: number | null;
}

export interface LoadResult {
  readonly completed: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
  /** What the first failed request said. */
  readonly firstFailure: string | null;
}
