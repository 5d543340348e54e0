import type { KeyScope } from "@topdog/contracts/key-scopes";

export const accountServices = ["org-registry", "billing", "quota"] as const;
export type AccountService = (typeof accountServices)[number];

export interface AccountTarget {
  readonly service: AccountService;
  /**
   * `account`: of a caller with an API key or a session. `visitor`: of somebody who is about to show who they are. `none`: of anybody.
   * `operator`: of an operator, who was recognised before.
   */
  readonly access: "account" | "visitor" | "none" | "operator";
  /** A key needs one of these. */
  readonly scopes: readonly KeyScope[];
}

const prefixes: readonly (readonly [string, AccountService])[] = [
  ["/api/auth/sign-up", "org-registry"],
  ["/api/auth/sign-in", "org-registry"],
  ["/api/auth/password-reset", "org-registry"],
  ["/api/auth/password", "org-registry"],
  ["/api/auth/passkey-sign-in", "org-registry"],
  ["/api/auth/oidc", "org-registry"],
  ["/api/auth/methods", "org-registry"],
  ["/api/auth", "org-registry"],
  ["/api/keys", "org-registry"],
  ["/api/orgs", "org-registry"],
  ["/api/byok", "org-registry"],
  ["/api/byok-settings", "org-registry"],
  ["/api/audit", "org-registry"],
  ["/api/invitations", "org-registry"],
  ["/api/operator/consistency", "quota"],
  ["/api/operator", "org-registry"],
  ["/api/dev", "org-registry"],
  ["/api/billing/webhook", "billing"],
  ["/api/billing", "billing"],
  ["/api/tiers", "billing"],
  ["/api/usage", "quota"],
  ["/api/limits", "quota"],
  ["/consistency/sli", "quota"],
];
const otherAccess: Readonly<Partial<Record<string, AccountTarget["access"]>>> = {
  "/api/auth/sign-up": "visitor",
  "/api/auth/sign-in": "visitor",
  "/api/auth/password-reset": "visitor",
  "/api/auth/password": "visitor",
  "/api/auth/passkey-sign-in": "visitor",
  "/api/auth/oidc": "visitor",
  "/api/auth/methods": "none",
  "/api/tiers": "none",
  // Where it exists: on a developer's machine.
  "/api/dev": "none",
  // It proves who sends it by its signature: Stripe has no key of ours.
  "/api/billing/webhook": "none",
  "/consistency/sli": "operator",
};

const accountScopes: readonly KeyScope[] = ["account"];
const usageScopes: readonly KeyScope[] = ["usage:read", "account"];
const otherScopes: Readonly<Partial<Record<string, readonly KeyScope[]>>> = {
  "/api/usage": usageScopes,
  "/api/limits": usageScopes,
};

/** Which service answers a path of the account API; null when none does. A path with `..` is none. */
export function accountTarget(path: string): AccountTarget | null {
  if (path.includes("..") || path.includes("//") || path.includes("\\")) return null;
  for (const [prefix, service] of prefixes) {
    if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
    const scopes = otherScopes[prefix] ?? accountScopes;
    return { service, access: otherAccess[prefix] ?? "account", scopes };
  }
  return null;
}
