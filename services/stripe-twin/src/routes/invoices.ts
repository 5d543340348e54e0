import type Stripe from "stripe";
import { z } from "zod";
import { afterPaid, collectOpen, payableInvoice } from "../domain/collect.ts";
import { finalizeInvoice, markPaid, markUncollectible, voidInvoice } from "../domain/invoices.ts";
import { resolveMethod } from "../domain/payment-methods.ts";
import { previewInvoice } from "../domain/preview.ts";
import { refundCharge } from "../domain/refunds.ts";
import { invalid, StripeError } from "../domain/stripe-error.ts";
import type { Tx } from "../domain/state.ts";
import type { Invoice } from "../domain/types.ts";
import { endpoint } from "./api/endpoint.ts";
import {
  automaticTax,
  bool,
  clearable,
  created,
  discounts,
  expand,
  id,
  int,
  metadata,
  paging,
  paramsOf,
  prorationBehavior,
} from "./api/fields.ts";
import { isWithin, pageOf } from "./api/list.ts";
import { itemChanges } from "./subscriptions.ts";

const payParams = paramsOf<Stripe.InvoicePayParams>()({
  payment_method: id.optional(),
  paid_out_of_band: bool.default(false),
  off_session: bool.optional(),
  expand,
});

function pay(tx: Tx, invoiceId: string, params: z.output<typeof payParams>): Invoice {
  const draft = tx.need("invoice", invoiceId);
  if (draft.status === "draft") finalizeInvoice(tx, invoiceId);
  if (params.paid_out_of_band) {
    afterPaid(tx, markPaid(tx, payableInvoice(tx, invoiceId).id, true));
    return tx.need("invoice", invoiceId);
  }
  const method =
    params.payment_method === undefined ? undefined : resolveMethod(tx, params.payment_method, "payment_method").id;
  const outcome = collectOpen(tx, invoiceId, method);
  if (outcome.kind === "declined") {
    const { code, declineCode, message } = outcome.decline;
    throw new StripeError(402, { type: "card_error", code, decline_code: declineCode, message }, true);
  }
  if (outcome.kind === "challenge")
    throw new StripeError(
      402,
      {
        type: "card_error",
        code: "invoice_payment_intent_requires_action",
        message: "Payment for this invoice requires additional user action before it can be completed successfully.",
      },
      true,
    );
  if (outcome.kind === "no_payment_method")
    throw invalid("There is no `default_payment_method` set on this Customer or Invoice.");
  return tx.need("invoice", invoiceId);
}

const previewParams = paramsOf<Stripe.InvoiceCreatePreviewParams>()({
  customer: id.optional(),
  subscription: id.optional(),
  subscription_details: z
    .strictObject({
      items: itemChanges.default([]),
      proration_behavior: prorationBehavior.default("create_prorations"),
      proration_date: int.optional(),
      billing_cycle_anchor: z.strictObject({ type: z.enum(["now", "unchanged"]) }).optional(),
      trial_end: z.union([z.literal("now"), int]).optional(),
      cancel_at_period_end: bool.optional(),
      metadata: metadata.optional(),
    })
    .optional(),
  discounts: clearable(discounts).optional(),
  automatic_tax: automaticTax,
  preview_mode: z.enum(["next", "recurring"]).default("next"),
  expand,
});

const listParams = paramsOf<Stripe.InvoiceListParams>()({
  ...paging,
  customer: id.optional(),
  subscription: id.optional(),
  status: z.enum(["draft", "open", "paid", "uncollectible", "void"]).optional(),
  created,
});

const one = z.strictObject({ expand });

export const invoiceEndpoints = [
  endpoint("GET", "/v1/invoices", listParams, (tx, { params }) =>
    pageOf(
      tx
        .all("invoice")
        .filter(
          (invoice) =>
            (params.customer === undefined || invoice.customer === params.customer) &&
            (params.subscription === undefined ||
              invoice.parent.subscription_details.subscription === params.subscription) &&
            (params.status === undefined || invoice.status === params.status) &&
            isWithin(invoice.created, params.created),
        ),
      params,
      "/v1/invoices",
    ),
  ),
  endpoint("POST", "/v1/invoices/create_preview", previewParams, (tx, { params }) => previewInvoice(tx, params)),
  endpoint("GET", "/v1/invoices/:id", one, (tx, call) => tx.need("invoice", call.id)),
  endpoint("GET", "/v1/invoices/:id/lines", z.strictObject(paging), (tx, call) => {
    const { lines } = tx.need("invoice", call.id);
    return pageOf(lines.data.toReversed(), call.params, lines.url);
  }),
  endpoint(
    "POST",
    "/v1/invoices/:id/finalize",
    paramsOf<Stripe.InvoiceFinalizeInvoiceParams>()({ auto_advance: bool.optional(), expand }),
    (tx, call) => {
      const open = finalizeInvoice(tx, call.id);
      if (open.amount_due === 0) collectOpen(tx, call.id);
      return tx.need("invoice", call.id);
    },
  ),
  endpoint("POST", "/v1/invoices/:id/pay", payParams, (tx, call) => pay(tx, call.id, call.params)),
  endpoint("POST", "/v1/invoices/:id/void", one, (tx, call) => voidInvoice(tx, call.id)),
  endpoint("POST", "/v1/invoices/:id/mark_uncollectible", one, (tx, call) => markUncollectible(tx, call.id)),
  endpoint(
    "GET",
    "/v1/invoice_payments",
    paramsOf<Stripe.InvoicePaymentListParams>()({
      ...paging,
      invoice: id.optional(),
      status: z.enum(["open", "paid", "canceled"]).optional(),
    }),
    (tx, { params }) =>
      pageOf(
        tx
          .all("invoice_payment")
          .filter(
            ({ invoice, status }) =>
              (params.invoice === undefined || invoice === params.invoice) &&
              (params.status === undefined || status === params.status),
          ),
        params,
        "/v1/invoice_payments",
      ),
  ),
  endpoint("GET", "/v1/payment_intents/:id", one, (tx, call) => tx.need("payment_intent", call.id)),
  endpoint(
    "GET",
    "/v1/payment_intents",
    paramsOf<Stripe.PaymentIntentListParams>()({ ...paging, customer: id.optional(), created }),
    (tx, { params }) =>
      pageOf(
        tx
          .all("payment_intent")
          .filter(({ customer }) => params.customer === undefined || customer === params.customer),
        params,
        "/v1/payment_intents",
      ),
  ),
  endpoint("GET", "/v1/charges/:id", one, (tx, call) => tx.need("charge", call.id)),
  endpoint(
    "GET",
    "/v1/charges",
    paramsOf<Stripe.ChargeListParams>()({ ...paging, customer: id.optional(), payment_intent: id.optional(), created }),
    (tx, { params }) =>
      pageOf(
        tx
          .all("charge")
          .filter(
            ({ customer, payment_intent: intent }) =>
              (params.customer === undefined || customer === params.customer) &&
              (params.payment_intent === undefined || intent === params.payment_intent),
          ),
        params,
        "/v1/charges",
      ),
  ),
  endpoint(
    "POST",
    "/v1/refunds",
    paramsOf<Stripe.RefundCreateParams>()({
      charge: id.optional(),
      payment_intent: id.optional(),
      amount: int.pipe(z.number().min(1)).optional(),
      reason: z.enum(["duplicate", "fraudulent", "requested_by_customer"]).optional(),
      metadata: metadata.optional(),
      expand,
    }),
    (tx, { params }) => refundCharge(tx, params),
  ),
  endpoint(
    "GET",
    "/v1/refunds",
    paramsOf<Stripe.RefundListParams>()({ ...paging, charge: id.optional() }),
    (tx, { params }) =>
      pageOf(
        tx.all("refund").filter(({ charge }) => params.charge === undefined || charge === params.charge),
        params,
        "/v1/refunds",
      ),
  ),
  endpoint("GET", "/v1/refunds/:id", one, (tx, call) => tx.need("refund", call.id)),
];
