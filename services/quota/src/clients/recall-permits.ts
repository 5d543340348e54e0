import { type PermitsRecalled, permitsRecalled } from "@topdog/contracts/signals/permits-recalled";
import type { Bus } from "@topdog/messaging/connect";
import { sendSignal } from "@topdog/messaging/signal";

export const createPermitRecaller =
  (bus: Bus) =>
  (signal: PermitsRecalled): void =>
    sendSignal(bus, permitsRecalled, signal);
