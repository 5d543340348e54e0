import { listChanges } from "@topdog/contracts/rpc/list-changes";
import { serveRpc } from "@topdog/messaging/rpc";
import type { ConsumerContext } from "@topdog/service/define";
import { listPrincipalChanges } from "../usecases/list-changes.ts";

const maxInFlight = 16;

/** Answers each gateway every few seconds, from what is committed: also when the bus has lost or not yet got an event. */
export const answerListChanges = ({ bus, db, logger }: Pick<ConsumerContext, "bus" | "db" | "logger">) =>
  serveRpc(bus, listChanges, {
    maxInFlight,
    logger,
    handle: async (question) => {
      const { horizon, changes, next } = await listPrincipalChanges(db, question);
      return { horizon, changes: [...changes], next };
    },
  });
