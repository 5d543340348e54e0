import CircuitBreaker from "opossum";

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerOptions {
  readonly name: string;
  /** Calls within the window before a share of failures can open it. */
  readonly volumeThreshold: number;
  readonly errorThresholdPercent: number;
  readonly windowMs: number;
  /** From opening until one trial is let through. */
  readonly resetMs: number;
  /** A trial that is not decided by then has failed: opossum itself would wait for it for ever. */
  readonly trialDeadlineMs: number;
  readonly onState: (state: BreakerState) => void;
}

/** One call's permission. Exactly one of the three is to be called; later calls do nothing. */
export interface Ticket {
  succeed(): void;
  fail(): void;
  /** The call says nothing about the upstream: its caller went away. */
  abandon(): void;
}

export interface Breaker {
  state(): BreakerState;
  /** Half-open, and its one trial has not been taken. */
  awaitsTrial(): boolean;
  /** Null when open, or half-open with a trial under way. */
  admit(): Ticket | null;
  /** Milliseconds until a trial is let through; 0 when not open. */
  reopensInMs(): number;
  close(): void;
}

/** A call that opossum waits for. */
interface FiredCall {
  resolve(): void;
  reject(error: Error): void;
}

const failed = new Error("the upstream failed");

/**
 * opossum, fired at the start of a call and settled at its first content. It is not told what it would count wrongly:
 * an aborted call (it would count as a success, or hang a trial), and a result of a call that began before it opened.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  let fired: FiredCall | null = null;
  let generation = 0;
  let openedAtMs = 0;
  const breaker = new CircuitBreaker<[], void>(
    () =>
      new Promise<void>((resolve, reject) => {
        fired = { resolve, reject };
      }),
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
  breaker.on("open", () => {
    generation += 1;
    openedAtMs = performance.now();
    options.onState("open");
  });
  breaker.on("halfOpen", () => options.onState("half_open"));
  breaker.on("close", () => options.onState("closed"));

  function ticketFor(call: FiredCall, isTrial: boolean): Ticket {
    const born = generation;
    let settled = false;
    let deadline: NodeJS.Timeout | undefined;
    const settle = (act: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      if (born === generation) act();
    };
    const ticket: Ticket = {
      succeed: () => settle(() => call.resolve()),
      fail: () => settle(() => call.reject(failed)),
      // Neither closed nor failed: open again, so that another trial comes later.
      abandon: () => settle(() => isTrial && breaker.open()),
    };
    if (isTrial) deadline = setTimeout(() => ticket.fail(), options.trialDeadlineMs).unref();
    return ticket;
  }

  return {
    state: () => (breaker.opened ? "open" : breaker.halfOpen ? "half_open" : "closed"),
    awaitsTrial: () => breaker.halfOpen && breaker.pendingClose,
    admit() {
      const isTrial = breaker.halfOpen;
      fired = null;
      // Runs the action before it returns, unless it refuses.
      breaker.fire().catch(() => undefined);
      const call = fired as FiredCall | null;
      return call === null ? null : ticketFor(call, isTrial);
    },
    reopensInMs: () => (breaker.opened ? Math.max(0, options.resetMs - (performance.now() - openedAtMs)) : 0),
    close: () => breaker.shutdown(),
  };
}
