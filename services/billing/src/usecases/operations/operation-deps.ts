import type { StripeDeps } from "../stripe-deps.ts";

export interface CheckoutRules {
  readonly successUrl: string;
  readonly cancelUrl: string;
  readonly automaticTax: boolean;
}

export interface OperationDeps extends StripeDeps {
  readonly checkout: CheckoutRules;
}
