import type { Secret } from "@topdog/config/secret";
import { type AttemptFailure, defaultLimitRestSeconds } from "../domain/attempt-failure.ts";
import type { RouteHealth } from "../domain/candidate-order.ts";
import { customUpstream } from "../domain/custom-model.ts";
import { type FailureKind, ruleOf } from "../domain/failure-table.ts";
import type { Offer } from "../domain/model-catalog.ts";
import type { Model } from "../domain/models.ts";
import type { BreakerState } from "./breaker.ts";
import { type CredentialRecord, platformCredential } from "./credential-record.ts";
import { createCredentialRests, type CredentialRests } from "./credential-rests.ts";
import { createProviderHealth, ownFate, type ProviderHealth, type ProviderHealthOptions } from "./provider-health.ts";
import { probeProvider } from "./provider-probe.ts";
import type { OpenCall, Provider, ProviderCall } from "./providers/provider.ts";
import type { UpstreamRoute } from "./upstream-route.ts";

export interface UpstreamOptions {
  readonly id: string;
  readonly provider: Provider;
  /** The platform's own. */
  readonly credential: Secret | null;
  readonly models: readonly Model[];
}

export interface UpstreamsDeps {
  readonly upstreams: readonly UpstreamOptions[];
  readonly maxInFlightPerUpstream: number;
  readonly breaker: Omit<ProviderHealthOptions, "name" | "probe" | "onState">;
  readonly nowMs: () => number;
  /** `told`: by another router's report. */
  readonly onState: (upstreamId: string, family: string, state: BreakerState, told: boolean) => void;
}

/** A call that an upstream has been given. */
export interface UpstreamCall {
  readonly outcome: OpenCall["outcome"];
  /** Ends the call at the provider at once. */
  abort(): void;
  /** The first content arrived after so many milliseconds. */
  contentAfter(ms: number): void;
  /** Counts its result before the first content. */
  failedWith(failure: AttemptFailure): void;
  /** The upstream did its part: an answer, or a refusal that is the caller's fault. */
  succeeded(): void;
  /** The stream broke after its first content: counted separately, since the call was a success by then. */
  brokeOff(kind: FailureKind): void;
  /** Frees its place; call it when the call is over in any way. */
  end(): void;
}

export interface Upstreams {
  /** With the platform's own credential. */
  platformRoute(offer: Offer): UpstreamRoute;
  health(route: UpstreamRoute): RouteHealth;
  /** The failure for an upstream that takes no call now. `tenantId` names whose call it is: an org, or a user without one. */
  open(route: UpstreamRoute, tenantId: string, call: ProviderCall): UpstreamCall | AttemptFailure;
  /** Why none of these is tried, and when the first of them may be. At least one. */
  restOf(routes: readonly UpstreamRoute[]): AttemptFailure;
  /** Another router has found this one down. One that we do not have is ignored. */
  openedElsewhere(upstreamId: string, family: string): void;
  inFlight(upstreamId: string): number;
  close(): Promise<void>;
}

interface Upstream {
  readonly provider: Provider;
  readonly credential: CredentialRecord;
  readonly families: ReadonlyMap<string, ProviderHealth>;
  readonly latency: Map<string, { ewmaMs: number; atMs: number }>;
  inFlight: number;
}

const accountRestSeconds = 60;
/** Of all tenants' credentials together. */
const maxRests = 20_000;
/** An older measurement does not count: the upstream gets a share of calls again. */
const latencyMaxAgeMs = 10_000;
const ewmaWeight = 0.2;

function measure(upstream: Upstream, family: string, ms: number, atMs: number): void {
  const known = upstream.latency.get(family);
  if (known === undefined || atMs - known.atMs > latencyMaxAgeMs) {
    upstream.latency.set(family, { ewmaMs: ms, atMs });
    return;
  }
  known.ewmaMs += (ms - known.ewmaMs) * ewmaWeight;
  known.atMs = atMs;
}

/** Only the credential of this call rests, whoever owns it. */
function rest(
  rests: CredentialRests,
  route: UpstreamRoute,
  { kind, retryAfterSeconds }: AttemptFailure,
  nowMs: number,
): void {
  const { rests: what } = ruleOf(kind);
  if (what === null) return;
  const seconds = retryAfterSeconds ?? (what === "account" ? accountRestSeconds : defaultLimitRestSeconds);
  const modelId = what === "account" ? null : route.offer.model.id;
  rests.add(route.credential.id, modelId, { kind, untilMs: nowMs + seconds * 1000 });
}

interface Granted {
  readonly upstream: Upstream;
  readonly health: ProviderHealth;
  readonly admitted: number;
  readonly route: UpstreamRoute;
  readonly tenantId: string;
  readonly call: OpenCall;
  readonly rests: CredentialRests;
  readonly nowMs: () => number;
}

function upstreamCall({ upstream, health, admitted, route, tenantId, call, rests, nowMs }: Granted): UpstreamCall {
  let over = false;
  return {
    outcome: call.outcome,
    abort: () => call.abort(),
    succeeded: () => health.result("alive", tenantId, admitted),
    contentAfter(ms) {
      measure(upstream, route.offer.model.family, ms, nowMs());
      health.result("alive", tenantId, admitted);
    },
    failedWith(failure) {
      rest(rests, route, failure, nowMs());
      health.result(ruleOf(failure.kind).breaker, tenantId, admitted);
    },
    brokeOff: (kind) => health.result(ruleOf(kind).breaker, tenantId, admitted),
    end() {
      if (over) return;
      over = true;
      upstream.inFlight -= 1;
    },
  };
}

export function createUpstreams(deps: UpstreamsDeps): Upstreams {
  const upstreams = new Map(deps.upstreams.map((options) => [options.id, upstreamOf(options)]));
  const rests = createCredentialRests({ maxRests, nowMs: deps.nowMs });

  function upstreamOf({ id, provider, credential, models }: UpstreamOptions): Upstream {
    const families = [...new Set(models.map(({ family }) => family))].map((family) => {
      const model = models.find((one) => one.family === family)!;
      const health = createProviderHealth({
        name: `${id}/${family}`,
        ...deps.breaker,
        probe: () => probeProvider(provider, model, credential, deps.breaker.trialDeadlineMs),
        onState: (state, told) => deps.onState(id, family, state, told),
      });
      return [family, health] as const;
    });
    const record = platformCredential(id, credential);
    return { provider, credential: record, families: new Map(families), latency: new Map(), inFlight: 0 };
  }

  function find({ upstreamId, model }: Offer): { upstream: Upstream; health: ProviderHealth } {
    const upstream = upstreams.get(upstreamId);
    const health = model.family === customUpstream ? ownFate : upstream?.families.get(model.family);
    if (upstream === undefined || health === undefined)
      throw new Error(`no upstream ${upstreamId} for ${model.family}`);
    return { upstream, health };
  }

  function restOf({ offer, credential }: UpstreamRoute): AttemptFailure & { readonly retryAfterSeconds: number } {
    const breakerMs = find(offer).health.reopensInMs();
    const credentialRest = rests.find(credential.id, offer.model.id);
    const restMs = (credentialRest?.untilMs ?? 0) - deps.nowMs();
    if (credentialRest !== null && restMs > breakerMs) {
      return { kind: credentialRest.kind, retryAfterSeconds: restMs / 1000 };
    }
    return { kind: "resting", retryAfterSeconds: breakerMs / 1000 };
  }

  return {
    platformRoute: (offer) => ({ offer, credential: find(offer).upstream.credential }),
    health({ offer, credential }) {
      const { upstream, health } = find(offer);
      const measured = upstream.latency.get(offer.model.family);
      const isFresh = measured !== undefined && deps.nowMs() - measured.atMs <= latencyMaxAgeMs;
      const firstContentMs = isFresh ? measured.ewmaMs : null;
      const isResting = rests.find(credential.id, offer.model.id) !== null;
      return { state: isResting ? "resting" : health.next(), firstContentMs };
    },
    open(route, tenantId, providerCall) {
      const { upstream, health } = find(route.offer);
      if (upstream.inFlight >= deps.maxInFlightPerUpstream) return { kind: "saturated", retryAfterSeconds: 1 };
      const admitted = health.admit();
      if (admitted === null) return restOf(route);
      upstream.inFlight += 1;
      const call = upstream.provider.open(providerCall, route.credential.secret);
      return upstreamCall({ upstream, health, admitted, route, tenantId, call, rests, nowMs: deps.nowMs });
    },
    restOf: (routes) =>
      routes.map(restOf).reduce((first, other) => (other.retryAfterSeconds < first.retryAfterSeconds ? other : first)),
    openedElsewhere: (upstreamId, family) => upstreams.get(upstreamId)?.families.get(family)?.openedElsewhere(),
    inFlight: (id) => upstreams.get(id)?.inFlight ?? 0,
    async close() {
      for (const { families, provider } of upstreams.values()) {
        for (const health of families.values()) health.close();
        await provider.close();
      }
    },
  };
}
