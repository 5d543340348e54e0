import type { CardBehaviour } from "./cards.ts";
import type { SubscriptionItem } from "./types.ts";

/** What the twin must remember and Stripe does not show. */

export interface CardRecord {
  /** Of the payment method. */
  readonly id: string;
  readonly behaviour: CardBehaviour;
}

/** What was last billed in advance for a subscription item: a proration gives back its unused part. */
export interface Debit {
  /** Of the subscription item. */
  readonly id: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly grossCents: number;
  readonly discountCents: number;
}

/** A change of a subscription that waits for its invoice to be paid. */
export interface PendingChange {
  /** Of the invoice. */
  readonly id: string;
  readonly subscription: string;
  readonly items: readonly SubscriptionItem[];
  readonly debits: readonly Debit[];
  readonly removedItems: readonly string[];
  readonly billingCycleAnchor: number | null;
  readonly trialEnd: number | null;
}

/** What a checkout session will make. */
export interface CheckoutPlan {
  /** Of the session. */
  readonly id: string;
  readonly items: readonly {
    readonly price: string;
    readonly quantity: number;
    /** Whether the customer may change the quantity, within bounds. */
    readonly adjustable: boolean;
    readonly minimum: number;
    readonly maximum: number;
  }[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly trialEnd: number | null;
  readonly trialDays: number | null;
  readonly missingPaymentMethod: "cancel" | "create_invoice" | "pause";
  readonly discounts: readonly { readonly coupon?: string; readonly promotion_code?: string }[];
  readonly description: string | null;
  /** The payment method of an attempt that waits for 3-D Secure. */
  readonly challenged: string | null;
}

/** A bank debit that is settled later; of a payment intent. */
export interface Settlement {
  readonly id: string;
  readonly dueSeconds: number;
}

/** When the end of a trial is announced; of a subscription. */
export interface Reminder {
  readonly id: string;
  readonly dueSeconds: number;
}

export interface EndpointSecret {
  /** Of the webhook endpoint. */
  readonly id: string;
  readonly secret: string;
}

export type DeliveryFault =
  | "wrong_signature"
  | "old_timestamp"
  | "future_timestamp"
  | "wrong_api_version"
  | "other_mode";

export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly endpoint: string;
  /** One that was delivered is forgotten. */
  readonly status: "pending" | "failed" | "dropped";
  readonly attempts: number;
  /** Virtual. */
  readonly dueSeconds: number;
  /** Among those that are due, the lowest goes first. */
  readonly order: number;
  /** Hits the first attempt. */
  readonly fault: DeliveryFault | null;
  /** An older snapshot that is sent in place of the event's own. */
  readonly staleObject: object | null;
  readonly lastStatus: number | null;
}

export interface IdempotencyRecord {
  /** The key. */
  readonly id: string;
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string;
  readonly requestId: string;
  readonly createdSeconds: number;
}

export interface Settings {
  /** Days from a failed attempt to the next one of a renewal's invoice. */
  readonly retryDays: readonly number[];
  /** What becomes of a subscription when the last retry failed. */
  readonly afterRetries: "cancel" | "unpaid" | "past_due";
  readonly taxPercent: number;
  /** From the start of a period until its invoice is finalised and charged. */
  readonly draftSeconds: number;
  /** Until a bank debit is settled. */
  readonly bankDebitSeconds: number;
}

export interface Meta {
  readonly id: "meta";
  readonly counter: number;
  /** Makes the ids of two twins differ. */
  readonly seed: string;
  /** Virtual time less real time. */
  readonly offsetMs: number;
  /** Where a manual clock stands; null: it runs. */
  readonly stoppedAtSeconds: number | null;
  readonly settings: Settings;
}

export const standardSettings: Settings = {
  retryDays: [3, 5, 7],
  afterRetries: "cancel",
  taxPercent: 20,
  draftSeconds: 3600,
  bankDebitSeconds: 3 * 86_400,
};
