import { resolveStanding } from "@topdog/contracts/rpc/resolve-standing";
import type { Bus } from "@topdog/messaging/connect";
import { callRpc } from "@topdog/messaging/rpc";
import type { FindStanding } from "../domain/place.ts";

const timeoutMs = 2_000;

/** Asks org-registry. */
export const createStandings =
  (bus: Bus): FindStanding =>
  (userId, orgId) =>
    callRpc(bus, resolveStanding, { userId, orgId }, { timeoutMs });
