import { resolveSession } from "@topdog/contracts/rpc/resolve-session";
import { serveRpc } from "@topdog/messaging/rpc";
import type { ConsumerContext } from "@topdog/service/define";
import { resolveSessionOf } from "../usecases/resolve-session.ts";

interface ResolverDeps extends Pick<ConsumerContext, "bus" | "db" | "logger"> {
  readonly nowMs: () => number;
  readonly maxInFlight: number;
}

/** Answers the gateways' questions about sessions. Instances share one queue. */
export const answerResolveSession = ({ bus, db, logger, nowMs, maxInFlight }: ResolverDeps) =>
  serveRpc(bus, resolveSession, {
    maxInFlight,
    logger,
    handle: async ({ tokenHash }) => ({ session: await resolveSessionOf(db, tokenHash, new Date(nowMs())) }),
  });
