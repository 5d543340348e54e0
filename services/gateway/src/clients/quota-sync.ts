import { syncLeases } from "@topdog/contracts/rpc/sync-leases";
import type { Bus } from "@topdog/messaging/connect";
import { callRpc } from "@topdog/messaging/rpc";
import type { z } from "zod";

export type SyncRequest = z.infer<typeof syncLeases.request>;
export type SyncReply = z.infer<typeof syncLeases.reply>;

const syncTimeoutMs = 1_000;

/** One report to quota and its answer. Rejects when none came in time. */
export type QuotaSync = (request: SyncRequest) => Promise<SyncReply>;

export const createQuotaSync =
  (bus: Bus): QuotaSync =>
  (request) =>
    callRpc(bus, syncLeases, request, { timeoutMs: syncTimeoutMs });
