import { startTestService, type TestService } from "@topdog/testing/service";
import { stripeApiVersion } from "@topdog/stripe-api/version";
import { Stripe } from "stripe";
import { stripeTwin } from "../src/app.ts";

export const secretKey = "sk_test_twin";

export interface Rig {
  readonly stripe: Stripe;
  readonly url: string;
  control<T = unknown>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<T>;
  advance(move: { days: number } | { seconds: number } | { to: number | "next" }): Promise<void>;
  stop(): Promise<void>;
}

/** A twin in this process with a clock that stands still, and the real SDK pointed at it. */
export async function startTwin(env: Record<string, string> = {}, retriesMax = 0): Promise<Rig> {
  const service: TestService = await startTestService(stripeTwin, { env: { CLOCK: "manual", ...env } });
  const control = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await fetch(`${service.url}/_twin/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  return {
    stripe: new Stripe(secretKey, {
      apiVersion: stripeApiVersion,
      host: "127.0.0.1",
      port: new URL(service.url).port,
      protocol: "http",
      telemetry: false,
      maxNetworkRetries: retriesMax,
    }),
    url: service.url,
    control,
    advance: async (move) => void (await control("POST", "clock/advance", move)),
    stop: () => service.stop(),
  };
}

/** A customer who pays with this test card. */
export async function customerWith(stripe: Stripe, card = "pm_card_visa"): Promise<string> {
  const customer = await stripe.customers.create({ email: "ada@example.test", metadata: { owner: "user:usr_1" } });
  const method = await stripe.paymentMethods.attach(card, { customer: customer.id });
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } });
  return customer.id;
}
