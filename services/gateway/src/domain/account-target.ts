export type AccountService = "org-registry" | "billing" | "quota";

export interface AccountTarget {
  readonly service: AccountService;
  /** `key`: of a caller with an API key. `none`: of anybody. `operator`: of an operator, who was recognised before. */
  readonly access: "key" | "none" | "operator";
}

const prefixes: readonly (readonly [string, AccountService])[] = [
  ["/api/keys", "org-registry"],
  ["/api/orgs", "org-registry"],
  ["/api/byok", "org-registry"],
  ["/api/billing/webhook", "billing"],
  ["/api/billing", "billing"],
  ["/api/tiers", "billing"],
  ["/api/usage", "quota"],
  ["/api/limits", "quota"],
  ["/consistency/sli", "quota"],
];
const otherAccess: Readonly<Partial<Record<string, AccountTarget["access"]>>> = {
  "/api/tiers": "none",
  // It proves who sends it by its signature: Stripe has no key of ours.
  "/api/billing/webhook": "none",
  "/consistency/sli": "operator",
};

/** Which service answers a path of the account API; null when none does. A path with `..` is none. */
export function accountTarget(path: string): AccountTarget | null {
  if (path.includes("..") || path.includes("//") || path.includes("\\")) return null;
  for (const [prefix, service] of prefixes) {
    if (path === prefix || path.startsWith(`${prefix}/`)) return { service, access: otherAccess[prefix] ?? "key" };
  }
  return null;
}
