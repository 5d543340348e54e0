import { permitsRecalled } from "@topdog/contracts/signals/permits-recalled";
import type { Bus } from "@topdog/messaging/connect";
import { onSignal } from "@topdog/messaging/signal";
import type { Permits } from "../store/permits.ts";

/** Another gateway lacks an owner's permits: those that no call of ours uses go back at once. */
export const onPermitsRecalled = (bus: Bus, permits: Permits): (() => void) =>
  onSignal(bus, permitsRecalled, ({ owner, forGateway }) => permits.recall(owner, forGateway));
