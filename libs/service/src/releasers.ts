import type { Logger } from "@topdog/telemetry/logger";

export interface Releasers {
  add(name: string, release: () => void | Promise<void>): void;
  /** Releases everything in reverse order, once. One that fails is logged and does not keep the others; at the end it throws. */
  releaseAll(): Promise<void>;
}

export function createReleasers(logger: Logger): Releasers {
  const opened: { name: string; release: () => void | Promise<void> }[] = [];
  const run = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (let one = opened.pop(); one !== undefined; one = opened.pop()) {
      try {
        await one.release();
      } catch (error) {
        failures.push(error);
        logger.error({ err: error, what: one.name }, "could not be released");
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "not everything could be released");
  };
  let running: Promise<void> | undefined;
  return {
    add: (name, release) => void opened.push({ name, release }),
    releaseAll: () => (running ??= run()),
  };
}
