import { stripeApiVersion } from "@topdog/stripe-api/version";
import CircuitBreaker from "opossum";
import { Stripe } from "stripe";
import { isStripeAway, toAppError } from "./stripe-failure.ts";

/** Bounds of one request. The SDK repeats it, with the same idempotency key, after a lost connection, 409, 429 or 5xx. */
const requestTimeoutMs = 6_000;
const maxRepeats = 2;
const breakerWindowMs = 10_000;
const breakerResetMs = 5_000;
const breakerVolume = 10;
const breakerErrorPercent = 50;

export interface StripeCallerOptions {
  readonly secretKey: string;
  readonly apiUrl: string;
  readonly onCall: (outcome: "ok" | "refused" | "failed", seconds: number) => void;
}

/** The only way to Stripe: one SDK with a pinned version, behind one breaker. */
export interface StripeCaller {
  /** Whether the key is of Stripe's live mode: what an event must say of itself too. */
  readonly livemode: boolean;
  /** Throws AppError; `isOutcomeUnknown` tells whether Stripe may have done it all the same. */
  call<T>(work: (stripe: Stripe) => Promise<T>): Promise<T>;
  close(): void;
}

export function createStripeCaller({ secretKey, apiUrl, onCall }: StripeCallerOptions): StripeCaller {
  const url = new URL(apiUrl);
  const stripe = new Stripe(secretKey, {
    apiVersion: stripeApiVersion,
    protocol: url.protocol === "http:" ? "http" : "https",
    host: url.hostname,
    port: url.port === "" ? (url.protocol === "http:" ? 80 : 443) : url.port,
    maxNetworkRetries: maxRepeats,
    timeout: requestTimeoutMs,
    telemetry: false,
  });
  const breaker = new CircuitBreaker<[() => Promise<unknown>]>((work) => work(), {
    name: "stripe",
    // The SDK has its own deadline for each try.
    timeout: false,
    resetTimeout: breakerResetMs,
    errorThresholdPercentage: breakerErrorPercent,
    volumeThreshold: breakerVolume,
    rollingCountTimeout: breakerWindowMs,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // A refusal is an answer.
    errorFilter: (error: unknown) => !isStripeAway(error),
  });
  return {
    livemode: /^(?:sk|rk)_live_/.test(secretKey),
    call: async <T>(work: (stripe: Stripe) => Promise<T>) => {
      const startedMs = performance.now();
      const seconds = (): number => (performance.now() - startedMs) / 1000;
      try {
        const result = (await breaker.fire(() => work(stripe))) as T;
        onCall("ok", seconds());
        return result;
      } catch (error) {
        onCall(isStripeAway(error) ? "failed" : "refused", seconds());
        throw toAppError(error);
      }
    },
    close: () => breaker.shutdown(),
  };
}
