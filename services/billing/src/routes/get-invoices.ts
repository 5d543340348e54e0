import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { findPayer } from "../usecases/find-payer.ts";
import { readInvoices } from "../usecases/read-invoices.ts";
import { type BillingDeps, paymentsOf } from "./deps.ts";
import { payerErrors, payerQuery } from "./payer-query.ts";

const invoiceSchema = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.string(),
  currency: z.string(),
  totalCents: z.int(),
  taxCents: z.int(),
  paidCents: z.int(),
  dueCents: z.int(),
  createdAt: z.iso.datetime(),
  hostedUrl: z.string().nullable().describe("Stripe's page of the invoice"),
  pdfUrl: z.string().nullable(),
});

export const getInvoicesRoute = (deps: BillingDeps) =>
  defineRoute({
    method: "get",
    path: "/api/billing/invoices",
    summary: "Your invoices, or those of an org that you pay for, the newest first",
    tags: ["Billing"],
    auth: "account",
    query: payerQuery.extend({
      limit: z.coerce.number().int().min(1).max(100).default(20),
      after: z
        .string()
        .regex(/^in_\w{1,100}$/)
        .optional()
        .describe("`nextAfter` of the page before"),
    }),
    responses: { 200: z.object({ items: z.array(invoiceSchema), nextAfter: z.string().nullable() }) },
    errors: [...payerErrors, "billing_not_configured", "payments_unavailable", "conflict"],
    handler: async ({ caller, query }) => {
      // First of all: a stranger learns nothing, with Stripe or without.
      const owner = await findPayer(deps.db, caller, query.org);
      const { operations } = paymentsOf(deps);
      const page = await readInvoices(operations, owner, { limit: query.limit, afterId: query.after });
      return { status: 200 as const, body: { items: page.items, nextAfter: page.afterId } };
    },
  });
