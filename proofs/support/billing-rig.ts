import { readConfig } from "@topdog/config/load";
import { billing } from "@topdog/billing/app";
import { configSchema, paymentSettingsOf } from "@topdog/billing/config";
import { createPriceMap, type PriceMap } from "@topdog/billing/domain/price-map";
import { createBillingMetrics } from "@topdog/billing/metrics";
import { openPayments } from "@topdog/billing/usecases/open-payments";
import type { StartCheckoutDeps } from "@topdog/billing/usecases/start-checkout";
import type { SessionCaller } from "@topdog/contracts/account-call";
import { stripeApiVersion } from "@topdog/stripe-api/version";
import { twinPriceVariables } from "@topdog/contracts/stripe-prices";
import { stripeTwin } from "@topdog/stripe-twin/app";
import { createMetrics } from "@topdog/telemetry/metrics";
import { accountCall, type Answer, type As, callerEnv } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { startStoringService, startTestService, type StoringTestService } from "@topdog/testing/service";
import { Stripe } from "stripe";
import { assertKnownRequests } from "./request-shapes.ts";
import { startStripeRelay, type StripeRelay } from "./stripe-relay.ts";

export const webhookSecret = "whsec_of_the_billing_rig_0123";
const secretKey = "sk_test_of_the_billing_rig";
const migrations = new URL("../../services/billing/migrations/", import.meta.url);

/** The billing service and the Stripe that it speaks to, be it the twin or a test account. */
export interface BillingSide {
  readonly billing: StoringTestService;
  readonly stripe: Stripe;
  readonly prices: PriceMap;
  /** For use cases that nothing but a clock or an operator calls. */
  readonly deps: StartCheckoutDeps;
  call(method: string, path: string, as: As | SessionCaller, body?: unknown): Promise<Answer>;
  /** Until what happened at Stripe by now is known here. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export interface BillingRig extends BillingSide {
  /** Between billing and Stripe. */
  readonly relay: StripeRelay;
  control<T = unknown>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<T>;
  advance(move: { days: number } | { seconds: number } | { to: number }): Promise<void>;
  nowMs(): number;
  /** Stripe forgets everybody, and billing what it would look at again: what follows costs nothing for what came before. */
  forget(): Promise<void>;
}

/** The whole billing service with these variables of Stripe, and its use cases for the test's own hands. */
export async function billingWith(
  env: Readonly<Record<string, string>>,
  stripeNowMs: () => number,
): Promise<Pick<BillingSide, "billing" | "deps" | "call" | "stop">> {
  const all = { ...callerEnv, ...env };
  const service = await startStoringService(billing, { migrations, env: all, deps: { stripeNowMs } });
  const deps = paymentsOf(service, all, stripeNowMs);
  return {
    billing: service,
    deps,
    call: (...args) => accountCall({ name: "billing", url: service.url }, ...args),
    stop: async () => {
      deps.stripe.close();
      await service.stop();
    },
  };
}

/** The whole billing service and the whole twin, over HTTP both ways. The twin's clock stands still until it is moved. */
export async function startBillingRig(env: Readonly<Record<string, string>> = {}): Promise<BillingRig> {
  const relay = await startStripeRelay();
  const clock = { nowMs: Date.now() };
  const prices = twinPriceVariables();
  const stripeEnv = {
    ...prices,
    STRIPE_API_URL: relay.url,
    STRIPE_SECRET_KEY: secretKey,
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    ...env,
  };
  const side = await billingWith(stripeEnv, () => clock.nowMs);
  const twin = await startTestService(stripeTwin, {
    env: {
      CLOCK: "manual",
      WEBHOOK_URL: `${side.billing.url}/api/billing/webhook`,
      STRIPE_WEBHOOK_SECRET: webhookSecret,
    },
  });
  relay.connect(twin.url);
  const control = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await fetch(`${twin.url}/_twin/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  const readClock = async (): Promise<void> => {
    clock.nowMs = (await control<{ nowSeconds: number }>("GET", "clock")).nowSeconds * 1000;
  };
  await readClock();
  return {
    ...side,
    stripe: clientOf(twin.url),
    prices: createPriceMap(prices),
    relay,
    control,
    advance: async (move) => {
      await control("POST", "clock/advance", move);
      await readClock();
    },
    settled: async () => {
      await control("POST", "deliveries/flush");
      await eventually(async () => {
        const { rows } = await side.billing.db.raw<{ rows: { id: string; last_error: string | null }[] }>(
          "select id, last_error from webhook_event where state = 'pending'",
        );
        if (rows.length > 0) throw new Error(`${rows.length} events are pending: ${rows[0]?.last_error}`);
      });
    },
    nowMs: () => clock.nowMs,
    forget: async () => {
      await control("POST", "reset");
      for (const table of ["outbox", "webhook_event", "money_operation"])
        await side.billing.owner.raw(`delete from ${table}`);
      await side.billing.owner.raw("update customer set resync_at = null where resync_at is not null");
      assertKnownRequests(relay.requests);
      relay.forget();
      await readClock();
    },
    stop: async () => {
      await side.stop();
      await relay.stop();
      await twin.stop();
      assertKnownRequests(relay.requests);
    },
  };
}

function clientOf(url: string): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(secretKey, {
    apiVersion: stripeApiVersion,
    telemetry: false,
    timeout: 20_000,
    maxNetworkRetries: 3,
    host: hostname,
    port: Number(port),
    protocol: "http",
  });
}

function paymentsOf(service: StoringTestService, env: Record<string, string>, nowMs: () => number): StartCheckoutDeps {
  const config = readConfig(configSchema, {
    DATABASE_URL: "postgres://unused@127.0.0.1/unused",
    NATS_NKEY_SEED: `SU${"A".repeat(56)}`,
    ...env,
  });
  if (!config.ok) throw new Error(config.problems.join("; "));
  const settings = paymentSettingsOf(config.config);
  if (settings === null) throw new Error("the rig has no Stripe key");
  const metrics = createBillingMetrics(createMetrics("billing"));
  return openPayments({ settings, db: service.db, logger: silentLogger(), metrics, nowMs });
}
