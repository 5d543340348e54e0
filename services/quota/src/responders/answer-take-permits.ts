import { takePermits } from "@topdog/contracts/rpc/take-permits";
import type { Bus } from "@topdog/messaging/connect";
import type { MessagingLogger } from "@topdog/messaging/logger";
import { serveRpc } from "@topdog/messaging/rpc";
import { answerPermits, type PermitDeps } from "../usecases/take-permits.ts";

/** Answers the gateways. Instances share one queue; what is in hand at a stop is finished. */
export const answerTakePermits = (
  bus: Bus,
  deps: PermitDeps & { readonly logger: MessagingLogger },
  maxInFlight: number,
): { stop(): Promise<void> } =>
  serveRpc(bus, takePermits, {
    maxInFlight,
    logger: deps.logger,
    handle: (request) => answerPermits(deps, request),
  });
