import { replayDeadLetterOf } from "@topdog/contracts/rpc/replay-dead-letter";
import { durables } from "@topdog/contracts/topology";
import { AppError } from "@topdog/errors/app-error";
import type { Bus } from "@topdog/messaging/connect";
import {
  type DeadLetter,
  listDeadLetters,
  readDeadLetter,
  takeDeadLetter,
  toDeadLetter,
} from "@topdog/messaging/dead-letters";
import { callRpc } from "@topdog/messaging/rpc";

const replayTimeoutMs = 10_000;

export interface DeadLetters {
  /** The oldest first, of one durable or of all, behind that seq. */
  readonly list: (durable: string | undefined, after: number, limit: number) => Promise<DeadLetter[]>;
  /** Throws AppError 404. */
  readonly read: (durable: string, seq: number) => Promise<DeadLetter>;
  /** Has its own service handle it; it stays where it is. Throws AppError 404, 409 when it fails again, 503. */
  readonly replay: (durable: string, seq: number) => Promise<"handled" | "duplicate">;
  /** Throws AppError 404. */
  readonly take: (durable: string, seq: number) => Promise<DeadLetter>;
}

export const createDeadLetters = (bus: Bus): DeadLetters => ({
  list: (durable, after, limit) => listDeadLetters(bus, durable, limit, after),
  read: async (durable, seq) => toDeadLetter(await readDeadLetter(bus, durable, seq)),
  take: (durable, seq) => takeDeadLetter(bus, durable, seq),
  replay: async (durable, seq) => {
    const { outcome } = await callRpc(bus, replayRpcOf(durable), { durable, seq }, { timeoutMs: replayTimeoutMs });
    return outcome;
  },
});

function replayRpcOf(durable: string) {
  const owner = durables.find(({ name }) => name === durable)?.service;
  const found = Object.values(replayDeadLetterOf).find((rpc) => rpc.owner === owner);
  if (found === undefined) throw new AppError("not_found", { detail: `There is no consumer ${durable}.` });
  return found;
}
