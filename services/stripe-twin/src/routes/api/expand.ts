import { intentOf, paymentsOf } from "../../domain/invoices.ts";
import { invalid } from "../../domain/stripe-error.ts";
import type { Kind, Tx } from "../../domain/state.ts";
import { sessionLines } from "../../domain/session-lines.ts";

type Json = Record<string, unknown>;

/** By the beginning of an id: whose it is. Longer beginnings first. */
const prefixes: readonly (readonly [string, Kind])[] = [
  ["sub_sched_", "subscription_schedule"],
  ["sub_", "subscription"],
  ["cus_", "customer"],
  ["cs_test_", "checkout.session"],
  ["bpc_", "billing_portal.configuration"],
  ["inpay_", "invoice_payment"],
  ["in_", "invoice"],
  ["price_", "price"],
  ["prod_", "product"],
  ["promo_", "promotion_code"],
  ["pi_", "payment_intent"],
  ["pm_", "payment_method"],
  ["ch_", "charge"],
  ["re_", "refund"],
  ["di_", "discount"],
  ["ii_", "invoiceitem"],
];

/** Fields that are there only when they are asked for. */
function included(tx: Tx, object: Json, name: string): unknown {
  const id = String(object["id"]);
  const listOf = (data: readonly unknown[], url: string) => ({ object: "list", data, has_more: false, url });
  switch (`${String(object["object"])}.${name}`) {
    case "customer.subscriptions":
      return listOf(
        tx
          .all("subscription")
          .filter(({ customer, status }) => customer === id && status !== "canceled" && status !== "incomplete_expired")
          .toReversed(),
        `/v1/customers/${id}/subscriptions`,
      );
    case "invoice.payments":
      return listOf(paymentsOf(tx, id), `/v1/invoice_payments?invoice=${id}`);
    case "invoice.confirmation_secret": {
      const intent = intentOf(tx, id);
      const secret = intent === null ? null : tx.find("payment_intent", intent)?.client_secret;
      return secret === null || secret === undefined ? null : { client_secret: secret, type: "payment_intent" };
    }
    case "checkout.session.line_items":
      return listOf(sessionLines(tx, id), `/v1/checkout/sessions/${id}/line_items`);
    case "charge.refunds":
      return listOf(
        tx.all("refund").filter(({ charge }) => charge === id),
        `/v1/charges/${id}/refunds`,
      );
    default:
      return undefined;
  }
}

function lookUp(tx: Tx, name: string, id: string, path: string): unknown {
  const kind = name === "coupon" ? "coupon" : prefixes.find(([prefix]) => id.startsWith(prefix))?.[1];
  const found =
    kind === undefined
      ? undefined
      : (tx.find(kind, id) ?? (kind === "customer" ? tx.find("deleted_customer", id) : undefined));
  if (found === undefined) throw cannot(path);
  return found;
}

const cannot = (path: string) =>
  invalid(
    `This property cannot be expanded (${path}). You may want to try expanding 'data.${path}' in a list instead.`,
    "expand",
  );

function expandPath(tx: Tx, value: unknown, names: readonly string[], path: string): unknown {
  const name = names[0];
  if (name === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => expandPath(tx, one, names, path));
  if (typeof value !== "object") throw cannot(path);
  const object = value as Json;
  const current = object[name] === undefined ? included(tx, object, name) : object[name];
  if (current === undefined) throw cannot(path);
  const resolve = (one: unknown): unknown => (typeof one === "string" ? lookUp(tx, name, one, path) : one);
  const child = Array.isArray(current) ? current.map(resolve) : resolve(current);
  return { ...object, [name]: expandPath(tx, child, names.slice(1), path) };
}

/** The object with what these paths name in place of its id. */
export function expandObject(tx: Tx, object: object, paths: readonly string[]): object {
  return paths.reduce<object>((result, path) => expandPath(tx, result, path.split("."), path) as object, object);
}
