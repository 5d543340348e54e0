import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { QuotaMetrics } from "../metrics.ts";
import type { QuotaStore } from "../store/quota-store.ts";
import type { Presence } from "./gateway-presence.ts";

/** The part of a pino logger that this service uses. */
export interface QuotaLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

export interface QuotaDeps {
  readonly store: QuotaStore;
  readonly presence: Presence;
  readonly metrics: QuotaMetrics;
  readonly logger: QuotaLogger;
  /** Tells gateways to give tokens back, or to forget what they believe of a bucket. May be lost. */
  readonly recall: (signal: QuotaRecalled) => void;
}
