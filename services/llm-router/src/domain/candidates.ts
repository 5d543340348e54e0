import type { ListedCredential } from "@topdog/contracts/rpc/list-credentials";
import { customUpstream } from "./custom-model.ts";
import type { Offer } from "./model-catalog.ts";

/** What a user or an org has, in the order in which it is tried. */
export interface TenantCredentials {
  readonly credentials: readonly ListedCredential[];
  /** Whether calls may go on with the platform's credential. */
  readonly fallback: boolean;
}

export interface Holder extends TenantCredentials {
  /** `user:<id>` or `org:<id>`. */
  readonly tenant: string;
}

/** One of the caller's own credentials at an upstream that serves the model. */
export interface OwnCandidate {
  readonly tenant: string;
  readonly credential: ListedCredential;
  readonly offer: Offer;
}

export interface Candidates {
  readonly own: readonly OwnCandidate[];
  /** Whether the platform's own credentials may be tried, after these. */
  readonly platform: boolean;
  /** Own credentials are for this call, and none of them can be used: refused by their provider, or disabled. */
  readonly unusable: boolean;
}

interface Wanted {
  /** In the order in which they are tried: the user, then the org. */
  readonly holders: readonly Holder[];
  /** Upstreams that serve the model and take callers' credentials, by the provider that these are for. */
  readonly offers: ReadonlyMap<string, readonly Offer[]>;
  readonly userId: string;
}

const isListed = (list: readonly string[] | null, one: string): boolean => list === null || list.includes(one);
/** Those of its provider that the credential is for. Who has an endpoint of their own names its models: nobody else knows them. */
function offersFor(
  { provider, allowedModels, allowedMembers }: ListedCredential,
  { offers, userId }: Pick<Wanted, "offers" | "userId">,
): readonly Offer[] {
  if (!isListed(allowedMembers, userId) || (provider === customUpstream && allowedModels === null)) return [];
  return (offers.get(provider) ?? []).filter(({ model }) => isListed(allowedModels, model.id));
}

const isUsable = ({ status, envelope }: ListedCredential): boolean => status !== "invalid" && envelope !== null;

/**
 * A user's own credentials come first, then the org's, each in its order. Whoever has one for this call, usable or not, is moved
 * to the platform's only by their own choice; for a model that none of their credentials is for, the platform's serve as for anybody.
 */
export function chooseCandidates({ holders, offers, userId }: Wanted): Candidates {
  const own: OwnCandidate[] = [];
  let concerned = false;
  let platform = true;
  for (const { tenant, credentials, fallback } of holders) {
    for (const credential of credentials) {
      const forCall = offersFor(credential, { offers, userId });
      if (forCall.length === 0) continue;
      concerned = true;
      platform &&= fallback;
      if (isUsable(credential)) for (const offer of forCall) own.push({ tenant, credential, offer });
    }
  }
  return { own, platform, unusable: concerned && own.length === 0 };
}
