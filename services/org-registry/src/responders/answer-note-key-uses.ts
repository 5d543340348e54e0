import { noteKeyUses } from "@topdog/contracts/rpc/note-key-uses";
import { serveRpc } from "@topdog/messaging/rpc";
import type { ConsumerContext } from "@topdog/service/define";
import { noteUses } from "../usecases/note-key-uses.ts";

/** Messages worked on at once; one more is refused, and its uses are told again later. */
const maxInFlight = 4;

interface Deps extends Pick<ConsumerContext, "bus" | "db" | "logger"> {
  readonly nowMs: () => number;
}

export const answerNoteKeyUses = ({ bus, logger, ...deps }: Deps): { stop(): Promise<void> } =>
  serveRpc(bus, noteKeyUses, {
    maxInFlight,
    logger,
    handle: async ({ uses }) => {
      await noteUses(deps, uses);
      return {};
    },
  });
