/** One measurement for the load generator. */
export interface LoadJob {
  readonly host: string;
  readonly port: number;
  /** Request headers beside those that every request has. */
  readonly headers: Readonly<Record<string, string>>;
  readonly keys: readonly string[];
  /** Each request takes a key at random; else each connection keeps one. */
  readonly randomKeys: boolean;
  readonly body: string;
  /** Text of the first event with content, for streams. */
  readonly contentMarker: string;
  readonly connections: number;
  /** All connections send at the same moment, and again when all have their answers. */
  readonly inWaves: boolean;
  /** Stops then; or, with `durationMs` null, when each key has called once. */
  readonly durationMs: number | null;
  /** Requests per second; null sends the next one as soon as an answer is complete. */
  readonly ratePerSecond: number | null;
}

export interface LoadResult {
  readonly completed: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Until the first event with content; of a plain answer, its content. */
  readonly firstContentP50Ms: number;
  /** What the first failed request said. */
  readonly firstFailure: string | null;
}
