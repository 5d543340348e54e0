import type { IncomingMessage } from "node:http";
import type { OpenBreakers } from "../store/open-breakers.ts";
import type { LiveDeps } from "../usecases/open-live-stream.ts";
import type { PlatformStatus } from "../domain/platform-status.ts";

/** What the gateway's own routes of the account API take. */
export interface GatewayRouteDeps {
  readonly live: LiveDeps;
  readonly openBreakers: OpenBreakers;
  /** Of the session that makes the request. */
  readonly tokenHashOf: (req: IncomingMessage) => string | null;
  readonly status: () => PlatformStatus;
}
