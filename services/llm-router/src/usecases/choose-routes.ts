import type { DialectId } from "@topdog/dialects/dialect";
import { AppError } from "@topdog/errors/app-error";
import type { Secret } from "@topdog/config/secret";
import { orgTenant, type SealedCredential, userTenant } from "@topdog/contracts/byok";
import type { ModelRules } from "@topdog/contracts/model-rules";
import type { ByokCredentials } from "../clients/byok-credentials.ts";
import type { ByokOffers } from "../clients/byok-upstreams.ts";
import type { UpstreamRoute } from "../clients/upstream-route.ts";
import type { Upstreams } from "../clients/upstreams.ts";
import { chooseCandidates, type Holder, type OwnCandidate } from "../domain/candidates.ts";
import type { DataSegment } from "../domain/data-segment.ts";
import { rulesAllow } from "../domain/model-rules.ts";
import { permits, type RoutingPolicy } from "../domain/routing-policy.ts";
import type { ModelCatalog, Offer } from "../domain/model-catalog.ts";

export interface RouteDeps {
  readonly catalog: ModelCatalog;
  readonly upstreams: Upstreams;
  readonly maxAttempts: number;
  readonly policy: RoutingPolicy;
  readonly byok: {
    readonly credentials: ByokCredentials;
    readonly offers: ByokOffers;
    /** The secret, for one call; null for an envelope that does not open. */
    readonly open: (credential: SealedCredential) => Promise<Secret | null>;
  };
}

/** Who calls, and whose credentials may serve the call. */
export interface RouteCaller {
  readonly userId: string;
  readonly orgId: string | null;
  /** In the order in which they are tried. */
  readonly tenants: readonly string[];
  /** What the call's data is about. */
  readonly segment: DataSegment;
  /** Of what an alias stands for, the only models that the caller's key may call; null: all. */
  readonly models: readonly string[] | null;
  /** Of the key's org; null: none. */
  readonly rules: ModelRules | null;
}

export interface Routes {
  /** With the caller's own credentials, in order: they come before the platform's. */
  readonly own: readonly UpstreamRoute[];
  readonly platform: readonly UpstreamRoute[];
  /** Own ones that rest: why none was tried, if none is. */
  readonly resting: readonly UpstreamRoute[];
}

/** Of these, those that the rules of the operator and of the org allow for this call, which asks for `asked`. */
export function permitted(
  { policy }: Pick<RouteDeps, "policy">,
  { userId, orgId, segment, models, rules }: Omit<RouteCaller, "tenants">,
  asked: string,
  offers: readonly Offer[],
): readonly Offer[] {
  const tenants = [...(orgId === null ? [] : [orgTenant(orgId)]), userTenant(userId)];
  return offers.filter(
    ({ upstreamId, model }) =>
      (models === null || models.includes(model.id)) &&
      rulesAllow(rules, asked, model.id, upstreamId) &&
      permits(policy, { tenants, segment }, upstreamId, model.id),
  );
}

/** The platform's. Throws AppError model_not_found, or model_not_allowed where a rule leaves none. */
function platformOffers(deps: RouteDeps, caller: RouteCaller, modelId: string, dialect: DialectId): readonly Offer[] {
  const offers = deps.catalog.offersOf(modelId, dialect);
  const allowed = permitted(deps, caller, modelId, offers);
  if (allowed.length > 0) return allowed;
  throw notPermitted(caller.segment);
}

/** Why no upstream is left. */
export function notPermitted(segment: DataSegment): AppError {
  const detail =
    segment === "general"
      ? "The rules for your account or organization do not allow this model."
      : `No provider of this model is cleared for ${segment} data.`;
  return new AppError("model_not_allowed", { detail, param: "model" });
}

/** The ways to serve a call. Throws AppError model_not_found, model_not_allowed, byok_credential_unusable, or 503 when credentials cannot be read. */
export async function chooseRoutes(
  deps: RouteDeps,
  caller: RouteCaller,
  modelId: string,
  dialect: DialectId,
): Promise<Routes> {
  if (caller.tenants.length === 0) return platformAlone(deps, caller, modelId, dialect);
  const offers = new Map(
    [...deps.byok.offers.of(modelId, dialect)].map(([provider, list]) => [
      provider,
      permitted(deps, caller, modelId, list),
    ]),
  );
  const known = await Promise.all(
    caller.tenants.map(async (tenant): Promise<Holder> => ({ tenant, ...(await deps.byok.credentials.of(tenant)) })),
  );
  const chosen = chooseCandidates({ holders: known, offers, userId: caller.userId });
  if (chosen.own.length === 0 && chosen.platform) return platformAlone(deps, caller, modelId, dialect);
  const platform = chosen.platform ? platformRoutes(deps, caller, modelId, dialect) : [];
  if (chosen.unusable && platform.length === 0) throw unusable();
  const resting: UpstreamRoute[] = [];
  const ready: OwnCandidate[] = [];
  for (const one of chosen.own) {
    const route = withSecret(one, null);
    if (deps.upstreams.health(route).state === "resting") resting.push(route);
    else ready.push(one);
  }
  const own = await openSome(deps, ready);
  if (own.length + platform.length + resting.length === 0) throw unusable();
  return { own, platform, resting };
}

/** As many as may be tried: the rest of a large pool stays sealed. */
async function openSome({ byok, maxAttempts }: RouteDeps, ready: readonly OwnCandidate[]): Promise<UpstreamRoute[]> {
  const opened: UpstreamRoute[] = [];
  for (const one of ready) {
    if (opened.length === maxAttempts) break;
    const { envelope, ...facts } = one.credential;
    const secret = envelope === null ? null : await byok.open({ ...facts, tenant: one.tenant, envelope });
    if (secret !== null) opened.push(withSecret(one, secret));
  }
  return opened;
}

const withSecret = ({ tenant, credential, offer }: OwnCandidate, secret: Secret | null): UpstreamRoute => ({
  offer,
  // A rotated secret begins without its predecessor's rests.
  credential: {
    id: `${credential.id}:${credential.version}`,
    owner: tenant.startsWith("org:") ? "org" : "user",
    secret,
  },
});

const platformAlone = (deps: RouteDeps, caller: RouteCaller, modelId: string, dialect: DialectId): Routes => ({
  own: [],
  resting: [],
  platform: platformOffers(deps, caller, modelId, dialect).map((offer) => deps.upstreams.platformRoute(offer)),
});

/** None where the platform has no credential for the model. */
function platformRoutes(
  deps: RouteDeps,
  caller: RouteCaller,
  modelId: string,
  dialect: DialectId,
): readonly UpstreamRoute[] {
  let offers: readonly Offer[];
  try {
    offers = platformOffers(deps, caller, modelId, dialect);
  } catch {
    return [];
  }
  return offers.map((offer) => deps.upstreams.platformRoute(offer));
}

const unusable = (): AppError => new AppError("byok_credential_unusable");
