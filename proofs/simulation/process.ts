import type { Timers } from "@topdog/gateway/clients/timers";
import type { SimulatedTime } from "../support/simulated-time.ts";

/** One process of the platform: it can stand still, be cut off from the bus, and die. */
export interface Process {
  readonly id: string;
  readonly isAlive: boolean;
  readonly died: Promise<void>;
  die(): void;
  /** Until then it stands still: its timers and what arrives wait. */
  pausedUntilMs: number;
  /** Until then nothing that it sends arrives, and nothing that is sent to it. */
  cutUntilMs: number;
  readonly timers: Timers;
  /** Of its own machine: it began with the process, and is a little too fast or too slow. */
  readonly monotonicMs: () => number;
  /** Runs the work in the process: now, when it goes on, or never when it is dead: then `onDead` runs. */
  receive(work: () => void, onDead?: () => void): void;
  /** Rejects in a process that died: what waited there goes nowhere. */
  sleep(ms: number): Promise<void>;
}

/** What waited in a process that died. */
export class DeathError extends Error {}

/** `pace`: how fast its clock runs, 1 being right. */
export function createProcess(time: SimulatedTime, id: string, pace: number): Process {
  const bornMs = time.nowMs();
  const after: Timers["after"] = (delayMs, work) => time.after(delayMs / pace, () => process.receive(work));
  const death = Promise.withResolvers<void>();
  let isAlive = true;
  const process: Process = {
    id,
    get isAlive() {
      return isAlive;
    },
    died: death.promise,
    die: () => {
      isAlive = false;
      death.resolve();
    },
    pausedUntilMs: Number.NEGATIVE_INFINITY,
    cutUntilMs: Number.NEGATIVE_INFINITY,
    timers: { after, soon: (work) => void after(0, work) },
    monotonicMs: () => (time.nowMs() - bornMs) * pace,
    receive: (work, onDead) => {
      if (!isAlive) return onDead?.();
      const standsMs = process.pausedUntilMs - time.nowMs();
      if (standsMs > 0) time.after(standsMs, () => process.receive(work, onDead));
      else work();
    },
    sleep: (ms) =>
      new Promise((resolve, reject) => {
        time.after(ms / pace, () => {
          process.receive(
            () => {
              time.stir();
              resolve();
            },
            () => {
              time.stir();
              reject(new DeathError());
            },
          );
        });
      }),
  };
  return process;
}
