import type { BodyBudget } from "@topdog/http-kit/body-budget";
import type { ClientAddresses } from "@topdog/http-kit/client-address";
import type { Watchdog } from "@topdog/http-kit/watchdog";
import type { CallLimit, GatewayMetrics } from "../metrics.ts";
import { createBadKeys } from "./bad-keys.ts";
import { createConcurrency } from "./concurrency.ts";
import type { KeyUses } from "./key-uses.ts";
import type { Principals } from "./principals.ts";

/** As the configuration names them: numbers of calls or bytes, milliseconds. */
type Bounds = Readonly<
  Record<
    | "BAD_KEYS_PER_MINUTE"
    | "MAX_CALLS_PER_ADDRESS"
    | "MAX_UPLOADS_PER_ADDRESS"
    | "MAX_CALLS_PER_KEY"
    | "MAX_UPLOADS_PER_KEY"
    | "MAX_BODIES_BYTES_PER_KEY"
    | "MAX_BODY_BYTES"
    | "BODY_TIMEOUT_MS"
    | "MIN_UPLOAD_BYTES_PER_SECOND"
    | "UPLOAD_WINDOW_MS",
    number
  >
>;

interface FrontDoorParts {
  readonly bodyBudget: BodyBudget;
  readonly clientAddresses: ClientAddresses;
  readonly principals: Principals;
  readonly keyUses: KeyUses;
  readonly metrics: GatewayMetrics;
  readonly watchdog: Watchdog;
  readonly isDraining: () => boolean;
  readonly monotonicMs: () => number;
}

/** Addresses whose recent wrong keys are counted. */
const maxBadKeyAddresses = 10_000;

/** What bounds calls before they are charged, by the configuration. */
export function createFrontDoorBounds(config: Bounds, parts: FrontDoorParts) {
  const {
    bodyBudget: bodies,
    clientAddresses,
    principals,
    keyUses,
    metrics,
    watchdog,
    isDraining,
    monotonicMs,
  } = parts;
  // One body of the largest size always fits.
  const maxBodiesBytes = Math.max(config.MAX_BODIES_BYTES_PER_KEY, config.MAX_BODY_BYTES);
  return {
    principals,
    keyUses,
    clientAddresses,
    nowMs: Date.now,
    isDraining,
    badKeys: createBadKeys({ perMinute: config.BAD_KEYS_PER_MINUTE, maxAddresses: maxBadKeyAddresses, monotonicMs }),
    addresses: createConcurrency({
      maxCalls: config.MAX_CALLS_PER_ADDRESS,
      maxUploads: config.MAX_UPLOADS_PER_ADDRESS,
      bodies,
      maxBodiesBytes,
    }),
    keys: createConcurrency({
      maxCalls: config.MAX_CALLS_PER_KEY,
      maxUploads: config.MAX_UPLOADS_PER_KEY,
      bodies,
      maxBodiesBytes,
    }),
    pace: {
      watchdog,
      monotonicMs,
      timeoutMs: config.BODY_TIMEOUT_MS,
      minBytesPerSecond: config.MIN_UPLOAD_BYTES_PER_SECOND,
      windowMs: config.UPLOAD_WINDOW_MS,
    },
    onRefused: (limit: CallLimit) => metrics.frontRefusals.inc({ limit }, 1),
  };
}
