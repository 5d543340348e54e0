import type { FailureKind } from "../../domain/failure-table.ts";

export interface AttemptTimer {
  /** Something arrived. */
  touch(): void;
  /** From now on silence is bounded by this, instead of the bound before. */
  expect(silenceMs: number): void;
  /** Silence does not count while we ourselves do not read. */
  hold(isHeld: boolean): void;
  stop(): void;
}

const granularityMs = 50;

/**
 * One timer for a call's silence and its total time. A piece that arrives only notes the time: when the timer
 * fires it checks whether the call was silent that long, which is far cheaper than a new timer for each piece.
 */
export function startAttemptTimer(options: {
  readonly silenceMs: number;
  readonly totalMs: number;
  readonly onTimeout: (kind: Extract<FailureKind, "timeout" | "deadline">) => void;
}): AttemptTimer {
  const startedMs = performance.now();
  let { silenceMs } = options;
  let lastMs = startedMs;
  let held = false;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const nowMs = performance.now();
    const totalLeftMs = startedMs + options.totalMs - nowMs;
    if (totalLeftMs <= 0) return options.onTimeout("deadline");
    if (held) lastMs = nowMs;
    const silenceLeftMs = lastMs + silenceMs - nowMs;
    if (silenceLeftMs <= 0) return options.onTimeout("timeout");
    schedule(Math.min(totalLeftMs, silenceLeftMs));
  }

  /** Rounded up: node keeps a list of timers for each different duration. */
  function schedule(inMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(look, Math.ceil(inMs / granularityMs) * granularityMs);
  }

  schedule(Math.min(options.silenceMs, options.totalMs));
  return {
    touch: () => {
      lastMs = performance.now();
    },
    expect(nextMs) {
      lastMs = performance.now();
      if (nextMs < silenceMs) {
        silenceMs = nextMs;
        look();
      } else silenceMs = nextMs;
    },
    hold(isHeld) {
      held = isHeld;
      lastMs = performance.now();
    },
    stop: () => clearTimeout(timer),
  };
}
