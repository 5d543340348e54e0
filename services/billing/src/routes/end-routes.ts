import { defineRoute, type Route } from "@topdog/http-kit/route";
import { cancelSubscription, resumeSubscription } from "../usecases/end-subscription.ts";
import { findPayer } from "../usecases/find-payer.ts";
import { readSubscription } from "../usecases/read-subscription.ts";
import { type BillingDeps, paymentsOf } from "./deps.ts";
import { moneyErrors, payerQuery } from "./payer-query.ts";
import { subscriptionSchema, toApiSubscription } from "./subscription-schema.ts";

const acts = [
  ["cancel", "Cancel at the end of the period that is paid for", cancelSubscription],
  ["resume", "Take back a cancellation, or a change that has not come yet", resumeSubscription],
] as const;

export const endRoutes = (deps: BillingDeps): Route[] =>
  acts.map(([name, summary, act]) =>
    defineRoute({
      method: "post",
      path: `/api/billing/${name}`,
      summary,
      tags: ["Billing"],
      auth: "session",
      requires: ["recent authentication"],
      query: payerQuery,
      responses: { 200: subscriptionSchema },
      errors: [...moneyErrors, "no_subscription"],
      handler: async ({ caller, query }) => {
        const { operations } = paymentsOf(deps);
        const owner = await findPayer(deps.db, caller, query.org);
        await act(operations, owner);
        return { status: 200 as const, body: toApiSubscription(await readSubscription(deps.db, owner)) };
      },
    }),
  );
