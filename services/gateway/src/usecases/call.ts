import type { IncomingMessage, ServerResponse } from "node:http";
import { chargedHeader } from "@topdog/contracts/served-headers";
import { errorRenderer } from "@topdog/http-kit/send-error";
import { toAppError } from "@topdog/http-kit/to-app-error";
import type { LiveMap } from "@topdog/live-map/live-map";
import type { LineLog } from "@topdog/telemetry/line-log";
import type { Logger } from "@topdog/telemetry/logger";
import type { FreeCalls } from "../store/free-calls.ts";
import type { Permits } from "../store/permits.ts";
import type { QuotaLeases } from "../store/quota-leases.ts";
import type { LinkRelayDeps } from "../clients/link-relay.ts";
import type { UsagePublisher } from "../clients/usage-publisher.ts";
import type { CorsPolicy } from "../domain/cors.ts";
import type { CallOutcome, GatewayMetrics } from "../metrics.ts";
import type { CallFacts } from "./call-log.ts";
import type { FrontDoor, Visit } from "./front-door.ts";

export interface ServeCallDeps {
  readonly door: FrontDoor;
  readonly leases: QuotaLeases;
  readonly permits: Permits;
  readonly freeCalls: FreeCalls;
  readonly relay: LinkRelayDeps;
  readonly usage: UsagePublisher;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  /** Takes the one line of each call. */
  readonly callLog: LineLog;
  readonly monotonicMs: () => number;
  readonly maxBodyBytes: number;
  readonly cors: CorsPolicy;
  readonly maxInFlight: number;
  readonly inFlight: InFlight;
}

/** Calls being served, their bodies read; shared by all hot routes. */
export interface InFlight {
  count: number;
  /** Those that routers have, by their numbers. */
  readonly running: LiveMap<Call>;
  lastNumber: number;
}

/** The answer of a call that was forwarded. */
export interface RunningAnswer {
  /** The client's connection ended. */
  clientGone(): void;
  /** This process ends before the call does. */
  interrupt(): void;
}

/** A call on its way: `facts` fill as it goes, `answer` is set once it is forwarded. */
export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  /** In this process, once a router has it; 0 before. */
  number: number;
  readonly facts: CallFacts;
  readonly presence: { isGone: boolean };
  answer: RunningAnswer | null;
  /** What it counts for at the front door; null when it was refused before it was counted. */
  visit: Visit | null;
  /** Whose concurrent request it is; null before it has a permit. */
  permitOf: string | null;
  /** It is counted in `inFlight`. */
  hasSlot: boolean;
}

/** Alternating names and values as an object: for the refusals, which are rare. */
export function toObject(pairs: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < pairs.length; index += 2)
    headers[pairs[index] as string] = pairs[index + 1] as string;
  return headers;
}

/** Answers a call that is not forwarded, or that no router answered, in its dialect. */
export function refuse(
  deps: Pick<ServeCallDeps, "logger">,
  call: Call,
  error: unknown,
  outcome: CallOutcome,
  headers: Readonly<Record<string, string>>,
): void {
  const { res, facts } = call;
  const appError = toAppError(error);
  if (appError.code === "internal_error") deps.logger.error({ err: error, requestId: facts.requestId }, "call failed");
  facts.outcome = outcome;
  facts.detail = appError.code;
  if (call.presence.isGone || res.headersSent) {
    res.destroy();
    return;
  }
  facts.status = appError.status;
  // What was taken is given back, as far as there was anything.
  res.setHeader(chargedHeader, "none");
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  errorRenderer(facts.operation.errors)(res, appError, facts.requestId);
}
