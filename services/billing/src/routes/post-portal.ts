import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { openPortalSession } from "../clients/stripe/portal.ts";
import { ensureCustomer } from "../usecases/ensure-customer.ts";
import { findPayer } from "../usecases/find-payer.ts";
import { type BillingDeps, paymentsOf } from "./deps.ts";
import { moneyErrors, payerQuery } from "./payer-query.ts";

export const postPortalRoute = (deps: BillingDeps) =>
  defineRoute({
    method: "post",
    path: "/api/billing/portal",
    summary: "Open the customer portal: cards, addresses, tax ids, invoices",
    tags: ["Billing"],
    auth: "session",
    requires: ["recent authentication"],
    query: payerQuery,
    responses: { 200: z.object({ url: z.string() }) },
    errors: moneyErrors,
    handler: async ({ caller, query }) => {
      const { operations, portal, portalWatch } = paymentsOf(deps);
      const owner = await findPayer(deps.db, caller, query.org);
      await portalWatch.assertRight();
      const customer = await ensureCustomer(operations, owner);
      return { status: 200 as const, body: { url: await openPortalSession(operations.stripe, customer, portal) } };
    },
  });
