import { listCredentials } from "@topdog/contracts/rpc/list-credentials";
import { serveRpc } from "@topdog/messaging/rpc";
import type { ConsumerContext } from "@topdog/service/define";
import type { Tenant } from "../domain/credential.ts";
import { readSealed } from "../usecases/read-credentials.ts";

interface Deps extends Pick<ConsumerContext, "bus" | "db" | "logger"> {
  readonly maxInFlight: number;
}

/** Answers routers' cache misses, with envelopes alone. */
export function answerListCredentials({ bus, db, logger, maxInFlight }: Deps): { stop(): Promise<void> } {
  return serveRpc(bus, listCredentials, {
    maxInFlight,
    logger,
    handle: async ({ tenant, skip }) => {
      const { credentials, hasMore, fallback } = await readSealed(db, tenant as Tenant, skip);
      return { credentials: [...credentials], hasMore, fallback };
    },
  });
}
