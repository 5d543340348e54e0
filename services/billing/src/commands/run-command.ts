import { createLogger } from "@topdog/telemetry/logger";
import { createMetrics } from "@topdog/telemetry/metrics";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { paymentSettingsOf, readCommandConfig } from "../config.ts";
import { createBillingMetrics } from "../metrics.ts";
import { openPayments } from "../usecases/open-payments.ts";
import type { StartCheckoutDeps } from "../usecases/start-checkout.ts";

export interface CommandDeps {
  readonly db: Database;
  readonly nowMs: () => number;
  readonly regulatedLineup: boolean;
}

const connect = (url: string): Database =>
  createDatabase({ url, applicationName: "billing-command", maxConnections: 4 });

/** Runs one operator command against the database; the running service's relay publishes its events. */
export async function runCommand(act: (deps: CommandDeps) => Promise<void>): Promise<void> {
  const { DATABASE_URL, REGULATED_LINEUP } = readCommandConfig();
  const db = connect(DATABASE_URL.reveal());
  await ending(db, () => act({ db, nowMs: Date.now, regulatedLineup: REGULATED_LINEUP }));
}

export interface StripeCommandDeps extends StartCheckoutDeps {
  readonly portalConfigurationId: string | undefined;
}

/** As `runCommand`, for one that speaks to Stripe too; without a key it is refused. */
export async function runStripeCommand(act: (deps: StripeCommandDeps) => Promise<void>): Promise<void> {
  const config = readCommandConfig();
  const settings = paymentSettingsOf(config);
  if (settings === null) {
    console.error("refused: STRIPE_SECRET_KEY is not set");
    process.exitCode = 1;
    return;
  }
  const db = connect(config.DATABASE_URL.reveal());
  const payments = openPayments({
    settings,
    db,
    logger: createLogger({ service: "billing", level: "error" }),
    metrics: createBillingMetrics(createMetrics("billing")),
    nowMs: Date.now,
  });
  const portalConfigurationId = config.STRIPE_PORTAL_CONFIGURATION_ID;
  await ending(db, () => act({ ...payments, portalConfigurationId }));
  payments.stripe.close();
}

async function ending(db: Database, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await db.destroy();
  }
}
