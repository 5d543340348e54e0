import { paidPlanIds, billingIntervals, priceVariable } from "@topdog/contracts/stripe-prices";
import type { ServiceName } from "@topdog/contracts/services";

/** Where operators keep a variable in a cluster: a secret of this name, under the variable's own name as the key. */
interface SecretPlace {
  readonly name: string;
  /** The service starts without it. */
  readonly optional?: true;
  /** Everything that the secret holds goes to the service: what is in it is the operator's choice. */
  readonly whole?: true;
}

const shared = (name: string): SecretPlace => ({ name });
const optional = (name: string): SecretPlace => ({ name, optional: true });
const provider: SecretPlace = { name: "provider-api-keys", whole: true };
const stripe: SecretPlace = { name: "stripe-keys", whole: true, optional: true };

const stripeVariables = [
  "STRIPE_SECRET_KEY",
  "STRIPE_WEBHOOK_SECRET",
  ...paidPlanIds.flatMap((plan) => billingIntervals.map((interval) => priceVariable(plan, interval))),
];

/** Where a variable is kept that is not written into the values of a release; null for one that is. */
export function secretPlace(service: ServiceName, variable: string): SecretPlace | null {
  return placesOf(service).get(variable) ?? (variable.endsWith("_API_KEY") ? provider : null);
}

function placesOf(service: ServiceName): ReadonlyMap<string, SecretPlace> {
  return new Map<string, SecretPlace>([
    ["NATS_NKEY_SEED", shared(`${service}-bus`)],
    ["DATABASE_URL", shared(`${service}-database`)],
    ["CALLER_SIGNING_KEY", shared("caller-signing-key")],
    ["CALLER_PUBLIC_KEYS", shared("caller-public-keys")],
    ["ROUTER_SIGNING_KEY", shared("router-signing-key")],
    ["ROUTER_PUBLIC_KEYS", shared("router-public-keys")],
    ["VAULT_KEYS", shared("vault-keys")],
    ["CREDENTIAL_FINGERPRINT_KEY", shared("credential-fingerprint-key")],
    ["AUTH_SECRET", shared("auth-secret")],
    ["AUDIT_KEYS", shared("audit-keys")],
    ["OPERATOR_TOKEN", optional("operator-token")],
    ["SMTP_URL", optional("smtp")],
    ["OIDC_CLIENT_SECRET", optional("oidc")],
    ...stripeVariables.map((name) => [name, stripe] as const),
  ]);
}

/** A name that sounds like a secret must be in the table above: in the values of a release everybody can read it. */
export const soundsSecret = (variable: string): boolean =>
  /KEY|SECRET|TOKEN|SEED|PASSWORD|DATABASE_URL|SMTP_URL/.test(variable) &&
  !/_FILE$|^(?:MAX|MIN|BAD)_|_PER_KEY$/.test(variable);
