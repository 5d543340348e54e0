import type Stripe from "stripe";
import { z } from "zod";
import { createCustomer, deleteCustomer, updateCustomer } from "../domain/customers.ts";
import { attachMethod, bankDebitMethod, detachMethod, methodFromNumber } from "../domain/payment-methods.ts";
import { bankDebits, testCards } from "../domain/cards.ts";
import { invalid } from "../domain/stripe-error.ts";
import type { Tx } from "../domain/state.ts";
import type { PaymentMethod } from "../domain/types.ts";
import { endpoint } from "./api/endpoint.ts";
import { address, clearable, created, expand, id, int, metadata, paging, paramsOf, text } from "./api/fields.ts";
import { isWithin, pageOf } from "./api/list.ts";

const fields = {
  email: clearable(text).optional(),
  name: clearable(text).optional(),
  description: clearable(text).optional(),
  phone: clearable(text).optional(),
  metadata: metadata.optional(),
  address: clearable(address).optional(),
  balance: int.optional(),
  invoice_settings: z.strictObject({ default_payment_method: clearable(id).optional() }).optional(),
  expand,
};
const createParams = paramsOf<Stripe.CustomerCreateParams>()({ ...fields, payment_method: id.optional() });
const updateParams = paramsOf<Stripe.CustomerUpdateParams>()(fields);

const toFields = (params: z.output<typeof updateParams>) => {
  const { invoice_settings: settings, address: where, expand: _, ...plain } = params;
  const known = where === null || where === undefined ? where : (where as Record<string, string>);
  return { ...plain, address: known, defaultPaymentMethod: settings?.default_payment_method };
};

/** `metadata['owner']:'usr_1' AND email:'a@b.test'`: the part of Stripe's query language that looks for equal values. */
function searched(tx: Tx, query: string) {
  const terms = query.split(/\s+AND\s+/i).map((term) => {
    const match = /^(?:metadata\[['"](?<key>[^'"]+)['"]\]|(?<field>email|name))\s*:\s*['"](?<value>[^'"]*)['"]$/.exec(
      term.trim(),
    );
    if (match?.groups === undefined) throw invalid(`This twin does not understand the search term: ${term}`, "query");
    return match.groups;
  });
  return tx
    .all("customer")
    .filter((one) =>
      terms.every(({ key, field, value }) =>
        key === undefined ? one[field as "email" | "name"] === value : one.metadata[key] === value,
      ),
    );
}

const card = z.strictObject({
  number: text.optional(),
  token: text.optional(),
  exp_month: int.optional(),
  exp_year: int.optional(),
  cvc: text.optional(),
});
const methodParams = paramsOf<Stripe.PaymentMethodCreateParams>()({
  type: z.enum(["card", "us_bank_account"]),
  card: card.optional(),
  billing_details: z.strictObject({ email: text.optional(), name: text.optional() }).optional(),
  expand,
});

function newMethod(tx: Tx, params: z.output<typeof methodParams>): PaymentMethod {
  const { email = null, name = null } = params.billing_details ?? {};
  if (params.type === "us_bank_account") return bankDebitMethod(tx, bankDebits[0].alias, { email, name });
  const alias = params.card?.token?.replace(/^tok_/, "pm_card_");
  const number = params.card?.number ?? testCards.find((one) => one.alias === alias)?.number;
  if (number === undefined) throw invalid("Missing required param: card.", "card", "parameter_missing");
  return methodFromNumber(tx, number, { email, name });
}

const methodsOf = (tx: Tx, customer: string | undefined, type: string | undefined) =>
  tx.all("payment_method").filter((one) => one.customer === customer && (type === undefined || one.type === type));

export const customerEndpoints = [
  endpoint("POST", "/v1/customers", createParams, (tx, { params: { payment_method: method, ...params } }) => {
    const customer = createCustomer(tx, { ...toFields(params), defaultPaymentMethod: undefined });
    if (method !== undefined) attachMethod(tx, method, customer.id);
    const chosen = params.invoice_settings?.default_payment_method;
    return chosen === undefined ? customer : updateCustomer(tx, customer.id, { defaultPaymentMethod: chosen });
  }),
  endpoint(
    "GET",
    "/v1/customers",
    paramsOf<Stripe.CustomerListParams>()({ ...paging, email: text.optional(), created }),
    (tx, { params }) =>
      pageOf(
        tx
          .all("customer")
          .filter(
            (one) =>
              (params.email === undefined || one.email === params.email) && isWithin(one.created, params.created),
          ),
        params,
        "/v1/customers",
      ),
  ),
  endpoint(
    "GET",
    "/v1/customers/search",
    paramsOf<Stripe.CustomerSearchParams>()({ query: text, limit: paging.limit, page: id.optional(), expand }),
    (tx, { params }) => {
      const page = pageOf(
        searched(tx, params.query),
        { limit: params.limit, starting_after: params.page },
        "/v1/customers/search",
      );
      return { ...page, object: "search_result", next_page: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
    },
  ),
  endpoint("GET", "/v1/customers/:id", z.strictObject({ expand }), (tx, call) => {
    return tx.find("deleted_customer", call.id) ?? tx.need("customer", call.id);
  }),
  endpoint("POST", "/v1/customers/:id", updateParams, (tx, call) => updateCustomer(tx, call.id, toFields(call.params))),
  endpoint("DELETE", "/v1/customers/:id", z.strictObject({}), (tx, call) => deleteCustomer(tx, call.id)),
  endpoint(
    "GET",
    "/v1/customers/:id/payment_methods",
    z.strictObject({ ...paging, type: text.optional() }),
    (tx, call) =>
      pageOf(
        methodsOf(tx, tx.need("customer", call.id).id, call.params.type),
        call.params,
        `/v1/customers/${call.id}/payment_methods`,
      ),
  ),
  endpoint("POST", "/v1/payment_methods", methodParams, (tx, { params }) => newMethod(tx, params)),
  endpoint(
    "GET",
    "/v1/payment_methods",
    paramsOf<Stripe.PaymentMethodListParams>()({
      ...paging,
      customer: id.optional(),
      type: z.enum(["card", "us_bank_account"]).optional(),
    }),
    (tx, { params }) => pageOf(methodsOf(tx, params.customer, params.type), params, "/v1/payment_methods"),
  ),
  endpoint("GET", "/v1/payment_methods/:id", z.strictObject({ expand }), (tx, call) =>
    tx.need("payment_method", call.id),
  ),
  endpoint(
    "POST",
    "/v1/payment_methods/:id/attach",
    paramsOf<Stripe.PaymentMethodAttachParams>()({ customer: id, expand }),
    (tx, call) => attachMethod(tx, call.id, call.params.customer),
  ),
  endpoint("POST", "/v1/payment_methods/:id/detach", z.strictObject({ expand }), (tx, call) =>
    detachMethod(tx, call.id),
  ),
];
