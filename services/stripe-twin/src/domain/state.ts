import type {
  CardRecord,
  CheckoutPlan,
  Debit,
  Delivery,
  EndpointSecret,
  IdempotencyRecord,
  Meta,
  PendingChange,
  Reminder,
  Settlement,
} from "./records.ts";
import { standardSettings } from "./records.ts";
import { missing } from "./stripe-error.ts";
import type * as wire from "./types.ts";

/** Everything that the twin stores, by kind. Stripe's objects go by the value of their `object`. */
export interface Kinds {
  meta: Meta;
  customer: wire.Customer;
  /** What is left of a customer who was deleted. */
  deleted_customer: { id: string; object: "customer"; deleted: true };
  product: wire.Product;
  price: wire.Price;
  coupon: wire.Coupon;
  promotion_code: wire.PromotionCode;
  discount: wire.Discount;
  subscription: wire.Subscription;
  subscription_schedule: wire.Schedule;
  invoice: wire.Invoice;
  invoiceitem: wire.InvoiceItem;
  invoice_payment: wire.InvoicePayment;
  payment_intent: wire.PaymentIntent;
  payment_method: wire.PaymentMethod;
  charge: wire.StripeCharge;
  refund: wire.Refund;
  "checkout.session": wire.CheckoutSession;
  "billing_portal.configuration": wire.PortalConfiguration;
  "billing_portal.session": wire.PortalSession;
  webhook_endpoint: wire.WebhookEndpoint;
  event: wire.StripeEvent;
  card: CardRecord;
  debit: Debit;
  pending_change: PendingChange;
  checkout_plan: CheckoutPlan;
  settlement: Settlement;
  reminder: Reminder;
  endpoint_secret: EndpointSecret;
  delivery: Delivery;
  idempotency: IdempotencyRecord;
}
export type Kind = keyof Kinds;

export type State = { readonly [K in Kind]: Map<string, Kinds[K]> };

/** A value that replaced the one before it; null: it was removed. */
export interface Change {
  readonly kind: Kind;
  readonly id: string;
  readonly value: unknown;
}

const kinds: readonly Kind[] = [
  "meta",
  "customer",
  "deleted_customer",
  "product",
  "price",
  "coupon",
  "promotion_code",
  "discount",
  "subscription",
  "subscription_schedule",
  "invoice",
  "invoiceitem",
  "invoice_payment",
  "payment_intent",
  "payment_method",
  "charge",
  "refund",
  "checkout.session",
  "billing_portal.configuration",
  "billing_portal.session",
  "webhook_endpoint",
  "event",
  "card",
  "debit",
  "pending_change",
  "checkout_plan",
  "settlement",
  "reminder",
  "endpoint_secret",
  "delivery",
  "idempotency",
];

export function emptyState(seed: string): State {
  const state = Object.fromEntries(kinds.map((kind) => [kind, new Map()])) as unknown as State;
  state.meta.set("meta", {
    id: "meta",
    counter: 0,
    seed,
    offsetMs: 0,
    stoppedAtSeconds: null,
    settings: standardSettings,
  });
  return state;
}

export function applyChange(state: State, { kind, id, value }: Change): void {
  const map = state[kind] as Map<string, unknown>;
  if (value === null) map.delete(id);
  else map.set(id, value);
}

export interface RequestContext {
  readonly nowSeconds: number;
  /** The version of Stripe's API that events are written in. */
  readonly apiVersion: string;
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
  /** Where the hosted pages are. */
  readonly baseUrl: string;
}

/** A view of the state in which a request's writes show at once and reach the state together, or not at all. */
export interface Tx extends RequestContext {
  find<K extends Kind>(kind: K, id: string): Kinds[K] | undefined;
  /** Throws Stripe's 404 when there is none. */
  need<K extends Kind>(kind: K, id: string, param?: string): Kinds[K];
  /** Oldest first. */
  all<K extends Kind>(kind: K): Kinds[K][];
  put<K extends Kind>(kind: K, value: Kinds[K]): void;
  remove(kind: Kind, id: string): void;
  newId(prefix: string): string;
  meta(): Meta;
  emit(type: wire.EventType, object: object, previous?: object): void;
  /** The events emitted so far in this transaction. */
  readonly emitted: readonly wire.StripeEvent[];
}

const idDigits = 6;

export function openTx(state: State, context: RequestContext): { tx: Tx; changes: () => Change[]; commit: () => void } {
  const overlays = new Map<Kind, Map<string, unknown>>();
  const emitted: wire.StripeEvent[] = [];
  const overlayOf = (kind: Kind): Map<string, unknown> => {
    const found = overlays.get(kind) ?? new Map<string, unknown>();
    overlays.set(kind, found);
    return found;
  };
  const find = <K extends Kind>(kind: K, id: string): Kinds[K] | undefined => {
    const overlay = overlays.get(kind);
    if (overlay?.has(id) === true) return (overlay.get(id) ?? undefined) as Kinds[K] | undefined;
    return state[kind].get(id);
  };
  const put = <K extends Kind>(kind: K, value: Kinds[K]): void => void overlayOf(kind).set(value.id, value);
  const meta = (): Meta => find("meta", "meta")!;
  const tx: Tx = {
    ...context,
    find,
    need: (kind, id, param) => {
      const found = find(kind, id);
      if (found === undefined) throw missing(kind, id, param);
      return found;
    },
    all: <K extends Kind>(kind: K): Kinds[K][] => {
      const overlay = overlays.get(kind) as Map<string, Kinds[K] | null> | undefined;
      const stored = state[kind] as Map<string, Kinds[K]>;
      if (overlay === undefined) return [...stored.values()];
      const merged = new Map<string, Kinds[K] | null>(stored);
      for (const [id, value] of overlay) merged.set(id, value);
      return [...merged.values()].filter((one) => one !== null);
    },
    put,
    remove: (kind, id) => void overlayOf(kind).set(id, null),
    newId: (prefix) => {
      const before = meta();
      put("meta", { ...before, counter: before.counter + 1 });
      return `${prefix}_${before.seed}${(before.counter + 1).toString(36).padStart(idDigits, "0")}`;
    },
    meta,
    emit: (type, object, previous) => {
      const event: wire.StripeEvent = {
        id: tx.newId("evt"),
        object: "event",
        api_version: context.apiVersion,
        created: context.nowSeconds,
        data: previous === undefined ? { object } : { object, previous_attributes: previous },
        livemode: false,
        pending_webhooks: 0,
        request: { id: context.requestId, idempotency_key: context.idempotencyKey },
        type,
      };
      put("event", event);
      emitted.push(event);
    },
    emitted,
  };
  const changes = (): Change[] =>
    [...overlays].flatMap(([kind, overlay]) => [...overlay].map(([id, value]) => ({ kind, id, value })));
  return { tx, changes, commit: () => changes().forEach((change) => applyChange(state, change)) };
}
