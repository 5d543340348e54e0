import { sumUsageRpc, type TenantSum } from "@topdog/contracts/rpc/sum-usage";
import type { Bus } from "@topdog/messaging/connect";
import { callRpc } from "@topdog/messaging/rpc";

const timeoutMs = 5_000;

/** Asks quota. */
export const createLedgerClient =
  (bus: Bus) =>
  async (day: string, tenants: readonly string[]): Promise<readonly TenantSum[]> =>
    (await callRpc(bus, sumUsageRpc, { day, tenants: [...tenants] }, { timeoutMs })).sums;
