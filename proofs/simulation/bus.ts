import type { SimulatedTime } from "../support/simulated-time.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";

/** What happens to messages, each number a share in percent. */
export interface Weather {
  readonly lost: number;
  readonly repeated: number;
  readonly slow: number;
  readonly signalsLost: number;
}

export const calm: Weather = { lost: 0, repeated: 0, slow: 0, signalsLost: 0 };

/** Messages between processes: late, lost, repeated and out of order. */
export interface Bus {
  weather: Weather;
  /** Until then nothing arrives anywhere. */
  awayUntilMs: number;
  /** Called when a process has the answer to a question that left it at `askedMs`, of the true time. */
  onAnswered: (process: Process, askedMs: number) => void;
  /** How many messages were sent, by what they are. */
  readonly sent: { questions: number; signals: number };
  isConnected(process: Process): boolean;
  /** Asks one of the processes that answer. Rejects when no answer came within a second of the asking process. */
  ask<S extends { readonly process: Process }, T>(
    from: Process,
    servers: () => readonly S[],
    work: (server: S) => Promise<T>,
  ): Promise<T>;
  /** Tells each of these processes, or not: a signal may be lost. */
  signal<S extends { readonly process: Process }>(
    from: Process,
    listeners: readonly S[],
    work: (listener: S) => void,
  ): void;
}

const hopMs = 1;
const slowMs = 400;
/** Longer than its sender waits, and than its sender's next messages take. */
const verySlowMs = 2_500;
const answerTimeoutMs = 1_000;

export function createBus(time: SimulatedTime, random: Random): Bus {
  const isConnected = (process: Process): boolean => time.nowMs() >= Math.max(process.cutUntilMs, bus.awayUntilMs);
  const delayMs = (): number => {
    if (random.percent(bus.weather.slow)) return random.percent(50) ? slowMs : verySlowMs;
    return hopMs + random.upTo(2);
  };
  /** Carries something to a process; it is lost when either end is cut off as it leaves or arrives. */
  function carry(from: Process, to: Process, lostShare: number, arrive: () => void): void {
    if (!isConnected(from) || random.percent(lostShare)) return;
    time.after(delayMs(), () => (isConnected(to) ? to.receive(arrive) : undefined));
  }

  const bus: Bus = {
    weather: calm,
    awayUntilMs: Number.NEGATIVE_INFINITY,
    onAnswered: () => undefined,
    sent: { questions: 0, signals: 0 },
    isConnected,
    ask: (from, servers, work) =>
      new Promise((resolve, reject) => {
        const noAnswer = (): void => {
          time.stir();
          reject(new Error("quota did not answer in time"));
        };
        const cancelTimeout = time.after(answerTimeoutMs, () => from.receive(noAnswer, noAnswer));
        bus.sent.questions += 1;
        const askedMs = time.nowMs();
        const deliver = (): void => {
          const heard = servers().filter(({ process }) => process.isAlive && isConnected(process));
          const server = heard[random.upTo(Math.max(0, heard.length - 1))];
          if (server === undefined) return;
          const answer = (settle: () => void): void =>
            carry(server.process, from, bus.weather.lost, () => {
              cancelTimeout();
              time.stir();
              settle();
            });
          carry(from, server.process, bus.weather.lost, () => {
            time.stir();
            work(server).then(
              (reply) =>
                answer(() => {
                  bus.onAnswered(from, askedMs);
                  resolve(reply);
                }),
              (error: unknown) => answer(() => reject(error as Error)),
            );
          });
        };
        deliver();
        if (random.percent(bus.weather.repeated)) time.after(slowMs, deliver);
      }),
    signal: (from, listeners, work) => {
      for (const listener of listeners) {
        bus.sent.signals += 1;
        carry(from, listener.process, bus.weather.signalsLost, () => work(listener));
      }
    },
  };
  return bus;
}
