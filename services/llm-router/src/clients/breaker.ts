import CircuitBreaker from "opossum";

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerOptions {
  readonly name: string;
  /** Results within the window before a share of failures can open it. */
  readonly volumeThreshold: number;
  readonly errorThresholdPercent: number;
  readonly windowMs: number;
  /** From opening until the trial; twice as long after each trial that fails, up to `maxResetMs`. */
  readonly resetMs: number;
  /** A trial that is not decided by then has failed: opossum itself would wait for it for ever. */
  readonly trialDeadlineMs: number;
  /** Our own question to the upstream: true when it is alive. No caller's call is risked, and no caller decides. */
  readonly trial: () => Promise<boolean>;
  readonly onState: (state: BreakerState) => void;
}

export interface Breaker {
  state(): BreakerState;
  /** Of the time since it was opened last: a result of a call from before says nothing. */
  generation(): number;
  /** A call's result. Ignored unless closed, and of the present generation. */
  record(succeeded: boolean, generation: number): void;
  /** Opens it, whatever was recorded. */
  open(): void;
  /** Milliseconds until the trial; 0 when not open. */
  reopensInMs(): number;
  close(): void;
}

const maxResetMs = 60_000;
const failed = new Error("the upstream failed");

/** opossum, told the results of calls that are over; its half-open trial is our own. */
export function createBreaker(options: BreakerOptions): Breaker {
  let generation = 0;
  let reopensAtMs = 0;
  let failedTrials = 0;
  const breaker = new CircuitBreaker<[Promise<boolean> | boolean], void>(
    async (result) => {
      if (!(await result)) throw failed;
    },
    {
      name: options.name,
      timeout: false,
      resetTimeout: options.resetMs,
      errorThresholdPercentage: options.errorThresholdPercent,
      volumeThreshold: options.volumeThreshold,
      rollingCountTimeout: options.windowMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    },
  );
  const tell = (result: Promise<boolean> | boolean): void => void breaker.fire(result).catch(() => undefined);
  // Before opossum's own listener, which starts its timer.
  breaker.prependListener("open", () => {
    generation += 1;
    const resetMs = Math.max(options.resetMs, Math.min(options.resetMs * 2 ** failedTrials, maxResetMs));
    (breaker as unknown as { options: { resetTimeout: number } }).options.resetTimeout = resetMs;
    reopensAtMs = performance.now() + resetMs;
    options.onState("open");
  });
  breaker.on("halfOpen", () => {
    options.onState("half_open");
    failedTrials += 1;
    tell(within(options.trial(), options.trialDeadlineMs));
  });
  breaker.on("close", () => {
    failedTrials = 0;
    options.onState("closed");
  });

  return {
    state: () => (breaker.opened ? "open" : breaker.halfOpen ? "half_open" : "closed"),
    generation: () => generation,
    record(succeeded, born) {
      if (born === generation && breaker.closed) tell(succeeded);
    },
    open() {
      if (breaker.closed) breaker.open();
    },
    reopensInMs: () => (breaker.closed ? 0 : Math.max(0, reopensAtMs - performance.now())),
    close: () => breaker.shutdown(),
  };
}

/** False when it takes longer. */
async function within(trial: Promise<boolean>, deadlineMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), deadlineMs).unref();
  try {
    return await Promise.race([trial, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
