import { stripeApiVersion } from "@topdog/stripe-api/version";
import { findPortal, findPrice, listEndpoints, probePermissions } from "../clients/stripe/account.ts";
import { type Finding, judgeCoverage, judgeEndpoints, judgePortal, judgePrice } from "../domain/account-check.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/** Compares the Stripe account with what this service relies on. It changes nothing. Throws AppError when Stripe cannot be reached. */
export async function checkStripe(
  { stripe, prices }: Pick<StripeDeps, "stripe" | "prices">,
  portalConfigurationId: string | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = (await probePermissions(stripe)).map(([permission, ok]) => ({
    point: `permission ${permission}`,
    ok,
    detail: ok ? "granted" : "the key lacks it",
  }));
  if (findings.some(({ ok }) => !ok)) return findings;
  findings.push(judgeCoverage(prices));
  for (const price of prices.all) {
    findings.push(judgePrice(price, await findPrice(stripe, price.priceId), stripe.livemode));
  }
  findings.push(judgePortal(await findPortal(stripe, portalConfigurationId), prices));
  findings.push(judgeEndpoints(await listEndpoints(stripe), stripeApiVersion));
  return findings;
}

/** At a start, beside the service's work: what is wrong is logged and counted, and keeps nobody waiting. */
export async function reportStripeCheck(
  deps: Pick<StripeDeps, "stripe" | "prices" | "logger" | "metrics">,
  portalConfigurationId: string | undefined,
): Promise<void> {
  const findings = await checkStripe(deps, portalConfigurationId);
  const failed = findings.filter(({ ok }) => !ok);
  deps.metrics.failedChecks.set(failed.length);
  for (const { point, detail } of failed)
    deps.logger.error({ point, detail }, "the Stripe account is not as it must be");
  deps.logger.info({ points: findings.length, failed: failed.length }, "Stripe account checked");
}
