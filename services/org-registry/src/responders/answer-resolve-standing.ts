import { resolveStanding } from "@topdog/contracts/rpc/resolve-standing";
import { serveRpc } from "@topdog/messaging/rpc";
import type { ConsumerContext } from "@topdog/service/define";
import { resolveStandingOf } from "../usecases/resolve-standing.ts";

interface StandingDeps extends Pick<ConsumerContext, "bus" | "db" | "logger"> {
  readonly maxInFlight: number;
}

/** Answers what others must know before they show a person anything of an org. Instances share one queue. */
export const answerResolveStanding = ({ bus, db, logger, maxInFlight }: StandingDeps) =>
  serveRpc(bus, resolveStanding, {
    maxInFlight,
    logger,
    handle: ({ userId, orgId }) => resolveStandingOf(db, userId, orgId),
  });
