export interface Wakeup {
  /** Resolves after `ms`, or at once when woken, to whether it was; a wake that came before is not lost. */
  wait(ms: number): Promise<boolean>;
  wake(): void;
}

export function createWakeup(): Wakeup {
  let woken = false;
  let release: (() => void) | undefined;
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          const wasWoken = woken;
          woken = false;
          release = undefined;
          resolve(wasWoken);
        };
        const timer = setTimeout(done, ms);
        release = done;
        if (woken) done();
      }),
    wake: () => {
      woken = true;
      release?.();
    },
  };
}
