export type AccountService = "org-registry" | "billing" | "quota";

export interface AccountTarget {
  readonly service: AccountService;
  /** Answered without a key. */
  readonly isPublic: boolean;
}

const prefixes: readonly (readonly [string, AccountService])[] = [
  ["/api/keys", "org-registry"],
  ["/api/orgs", "org-registry"],
  ["/api/billing/webhook", "billing"],
  ["/api/billing", "billing"],
  ["/api/tiers", "billing"],
  ["/api/usage", "quota"],
  ["/api/limits", "quota"],
  ["/consistency/sli", "quota"],
];
/** The webhook proves who sends it by its signature: Stripe has no key of ours. */
const publicPrefixes = new Set(["/api/tiers", "/api/billing/webhook", "/consistency/sli"]);

/** Which service answers a path of the account API; null when none does. A path that tries to climb is none. */
export function accountTarget(path: string): AccountTarget | null {
  if (path.includes("..") || path.includes("//") || path.includes("\\")) return null;
  for (const [prefix, service] of prefixes) {
    if (path === prefix || path.startsWith(`${prefix}/`)) return { service, isPublic: publicPrefixes.has(prefix) };
  }
  return null;
}
