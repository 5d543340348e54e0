import type { OperationResult } from "../../domain/money-operation.ts";
import { ownerKey } from "./customers.ts";
import type { StripeCaller } from "./stripe-caller.ts";
import { isMissing } from "./stripe-failure.ts";

export interface WantedSession {
  readonly customer: string;
  readonly owner: string;
  readonly priceId: string;
  readonly seats: number;
  /** Null for a plan without seats. */
  readonly minimumSeats: number | null;
  readonly trialDays: number;
  readonly successUrl: string;
  readonly cancelUrl: string;
  readonly automaticTax: boolean;
}

/** Who asks for more than that by the API may take as many. */
const usualMaxSeats = 10_000;

export function createSession(
  stripe: StripeCaller,
  wanted: WantedSession,
  idempotencyKey: string,
): Promise<OperationResult> {
  return stripe.call(async (sdk) => {
    const session = await sdk.checkout.sessions.create(
      {
        mode: "subscription",
        customer: wanted.customer,
        client_reference_id: wanted.owner,
        line_items: [
          {
            price: wanted.priceId,
            quantity: wanted.seats,
            ...(wanted.minimumSeats === null
              ? {}
              : {
                  adjustable_quantity: {
                    enabled: true,
                    minimum: wanted.minimumSeats,
                    maximum: Math.max(usualMaxSeats, wanted.seats),
                  },
                }),
          },
        ],
        subscription_data: {
          // The session is gone some day; the subscription says by itself whose it is.
          metadata: { [ownerKey]: wanted.owner },
          billing_mode: { type: "flexible" },
          ...(wanted.trialDays === 0 ? {} : { trial_period_days: wanted.trialDays }),
        },
        allow_promotion_codes: true,
        ...(wanted.automaticTax
          ? {
              automatic_tax: { enabled: true },
              customer_update: { address: "auto", name: "auto" },
              tax_id_collection: { enabled: true },
            }
          : {}),
        success_url: wanted.successUrl,
        cancel_url: wanted.cancelUrl,
      },
      { idempotencyKey },
    );
    return {
      sessionId: session.id,
      url: session.url ?? "",
      expiresAt: new Date(session.expires_at * 1000).toISOString(),
    };
  });
}

export async function isSessionOpen(stripe: StripeCaller, sessionId: string): Promise<boolean> {
  try {
    return await stripe.call(async (sdk) => (await sdk.checkout.sessions.retrieve(sessionId)).status === "open");
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Looked at first: one that is paid or expired cannot be closed, and asking for it is an error. */
export async function expireSession(stripe: StripeCaller, sessionId: string): Promise<void> {
  if (await isSessionOpen(stripe, sessionId)) await stripe.call((sdk) => sdk.checkout.sessions.expire(sessionId));
}
