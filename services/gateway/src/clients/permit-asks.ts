import { takePermits } from "@topdog/contracts/rpc/take-permits";
import type { Bus } from "@topdog/messaging/connect";
import { callRpc } from "@topdog/messaging/rpc";
import type { z } from "zod";

const askTimeoutMs = 1_000;

/** One message to quota about permits and its answer. Rejects when none came in time. */
export type AskPermits = (request: z.infer<typeof takePermits.request>) => Promise<z.infer<typeof takePermits.reply>>;

export const createPermitAsks =
  (bus: Bus): AskPermits =>
  (request) =>
    callRpc(bus, takePermits, request, { timeoutMs: askTimeoutMs });
