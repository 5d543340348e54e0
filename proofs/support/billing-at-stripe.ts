import { createPriceMap } from "@topdog/billing/domain/price-map";
import { syncCustomer } from "@topdog/billing/usecases/sync-customer";
import { billingIntervals, paidPlanIds, priceCents, priceVariable } from "@topdog/contracts/stripe-prices";
import { plans } from "@topdog/contracts/plans";
import { stripeApiVersion } from "@topdog/stripe-api/version";
import { Stripe } from "stripe";
import { billingWith, type BillingSide } from "./billing-rig.ts";

const productTag = "topdog_proofs";

/** The billing service against a real test account: no webhook reaches this machine, so its customers are fetched in their place. */
export async function startBillingAtStripe(secretKey: string): Promise<BillingSide> {
  if (!secretKey.startsWith("sk_test_")) throw new Error("STRIPE_TEST_SECRET_KEY must be a test key: sk_test_…");
  const stripe = new Stripe(secretKey, { apiVersion: stripeApiVersion, telemetry: false, maxNetworkRetries: 3 });
  const prices = await ensurePrices(stripe);
  const portal = { STRIPE_PORTAL_CONFIGURATION_ID: await ensurePortal(stripe) };
  const side = await billingWith({ STRIPE_SECRET_KEY: secretKey, ...prices, ...portal }, Date.now);
  return {
    ...side,
    stripe,
    prices: createPriceMap(prices),
    settled: async () => {
      const { rows } = await side.billing.db.raw<{ rows: { owner: string }[] }>("select owner from customer");
      for (const { owner } of rows) await syncCustomer(side.deps, owner, "operator");
    },
  };
}

/** The prices of the catalogue, made once in the account and found again by their lookup keys. */
export async function ensurePrices(stripe: Stripe): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const plan of paidPlanIds.filter((id) => plans[id].lineup === "dev")) {
    for (const interval of billingIntervals) {
      const lookupKey = `${productTag}_${plan}_${interval}_${priceCents(plan, interval)}`;
      const [known] = (await stripe.prices.list({ lookup_keys: [lookupKey], limit: 1 })).data;
      const price =
        known ??
        (await stripe.prices.create({
          product: (await stripe.products.create({ name: `${productTag} ${plan}` })).id,
          currency: "usd",
          unit_amount: priceCents(plan, interval),
          recurring: { interval },
          lookup_key: lookupKey,
        }));
      found[priceVariable(plan, interval)] = price.id;
    }
  }
  return found;
}

/** A portal that allows payment methods alone, so that the account's own needs no setting up; made once, and found again by its tag. */
export async function ensurePortal(stripe: Stripe): Promise<string> {
  const known = await stripe.billingPortal.configurations.list({ active: true, limit: 100 });
  const ours = known.data.find(({ metadata }) => metadata?.[productTag] === "portal");
  const configuration =
    ours ??
    (await stripe.billingPortal.configurations.create({
      features: {
        payment_method_update: { enabled: true },
        invoice_history: { enabled: true },
        subscription_cancel: { enabled: true, mode: "at_period_end" },
      },
      metadata: { [productTag]: "portal" },
    }));
  return configuration.id;
}
