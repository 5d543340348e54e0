/** How often in a row a process that ends by itself is started again. */
export interface RestartBudget {
  /** It was started. */
  noteStart(): void;
  /** It ended. True when it is to be started again, which is counted. */
  spend(): boolean;
}

/** A process that ran this long before it ended is not in a crash loop: its restarts are counted from 0 again. */
export const forgivenAfterMs = 60_000;

export function createRestartBudget(restartsMax: number, monotonicMs = (): number => performance.now()): RestartBudget {
  let spent = 0;
  let startedMs = monotonicMs();
  return {
    noteStart: () => {
      startedMs = monotonicMs();
    },
    spend: () => {
      if (monotonicMs() - startedMs >= forgivenAfterMs) spent = 0;
      if (spent >= restartsMax) return false;
      spent += 1;
      return true;
    },
  };
}
