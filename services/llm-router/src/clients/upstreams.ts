import type { Secret } from "@topdog/config/secret";
import type { AttemptFailure, FailureKind } from "../domain/attempt-failure.ts";
import { defaultLimitRestSeconds, healthSignOf } from "../domain/attempt-failure.ts";
import type { UpstreamHealth } from "../domain/candidate-order.ts";
import type { Model } from "../domain/models.ts";
import { type Breaker, type BreakerState, createBreaker, type Ticket } from "./breaker.ts";
import type { OpenCall, Provider, ProviderCall } from "./providers/provider.ts";

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
  readonly breaker: {
    readonly volumeThreshold: number;
    readonly errorThresholdPercent: number;
    readonly windowMs: number;
    readonly resetMs: number;
    readonly trialDeadlineMs: number;
  };
  readonly nowMs: () => number;
  readonly onState: (upstreamId: string, family: string, state: BreakerState) => void;
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
  health(upstreamId: string, family: string): UpstreamHealth;
  /** The failure for an upstream that takes no call now. */
  open(upstreamId: string, family: string, call: ProviderCall): UpstreamCall | AttemptFailure;
  /** Why none of these is tried, and when the first of them may be. At least one. */
  restOf(upstreamIds: readonly string[], family: string): AttemptFailure;
  inFlight(upstreamId: string): number;
  close(): Promise<void>;
}

interface Upstream {
  readonly provider: Provider;
  readonly credential: Secret | null;
  readonly breakers: ReadonlyMap<string, Breaker>;
  readonly latency: Map<string, { ewmaMs: number; atMs: number }>;
  inFlight: number;
  /** A limit or a refused key rests the credential until then. */
  coolUntilMs: number;
  coolsFor: "rate_limited" | "credential";
}

const credentialCoolOffSeconds = 60;
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

function coolOff(upstream: Upstream, { kind, retryAfterSeconds }: AttemptFailure, nowMs: number): void {
  if (kind !== "rate_limited" && kind !== "credential") return;
  const seconds = retryAfterSeconds ?? (kind === "credential" ? credentialCoolOffSeconds : defaultLimitRestSeconds);
  const untilMs = nowMs + seconds * 1000;
  if (untilMs <= upstream.coolUntilMs) return;
  upstream.coolUntilMs = untilMs;
  upstream.coolsFor = kind;
}

interface Granted {
  readonly upstream: Upstream;
  readonly breaker: Breaker;
  readonly ticket: Ticket;
  readonly family: string;
  readonly call: OpenCall;
  readonly nowMs: () => number;
}

function upstreamCall({ upstream, breaker, ticket, family, call, nowMs }: Granted): UpstreamCall {
  let over = false;
  return {
    outcome: call.outcome,
    abort: () => call.abort(),
    succeeded: () => ticket.succeed(),
    contentAfter(ms) {
      measure(upstream, family, ms, nowMs());
      ticket.succeed();
    },
    failedWith(failure) {
      coolOff(upstream, failure, nowMs());
      const sign = healthSignOf(failure.kind);
      if (sign === "failure") ticket.fail();
      else if (sign === "success") ticket.succeed();
      else ticket.abandon();
    },
    brokeOff(kind) {
      if (healthSignOf(kind) === "failure" && breaker.state() === "closed") breaker.admit()?.fail();
    },
    end() {
      if (over) return;
      over = true;
      upstream.inFlight -= 1;
      ticket.abandon();
    },
  };
}

export function createUpstreams(deps: UpstreamsDeps): Upstreams {
  const upstreams = new Map(deps.upstreams.map((options) => [options.id, upstreamOf(options)]));

  function upstreamOf({ id, provider, credential, models }: UpstreamOptions): Upstream {
    const families = [...new Set(models.map(({ family }) => family))];
    const breakers = families.map((family) => {
      const onState = (state: BreakerState): void => deps.onState(id, family, state);
      return [family, createBreaker({ name: `${id}/${family}`, ...deps.breaker, onState })] as const;
    });
    return {
      provider,
      credential,
      breakers: new Map(breakers),
      latency: new Map(),
      inFlight: 0,
      coolUntilMs: 0,
      coolsFor: "rate_limited",
    };
  }

  function find(id: string, family: string): { upstream: Upstream; breaker: Breaker } {
    const upstream = upstreams.get(id);
    const breaker = upstream?.breakers.get(family);
    if (upstream === undefined || breaker === undefined) throw new Error(`no upstream ${id} for ${family}`);
    return { upstream, breaker };
  }

  function restOf(id: string, family: string): AttemptFailure & { readonly retryAfterSeconds: number } {
    const { upstream, breaker } = find(id, family);
    const breakerMs = breaker.reopensInMs();
    const coolMs = upstream.coolUntilMs - deps.nowMs();
    if (coolMs > breakerMs) return { kind: upstream.coolsFor, retryAfterSeconds: coolMs / 1000 };
    return { kind: "resting", retryAfterSeconds: breakerMs / 1000 };
  }

  return {
    health(id, family) {
      const { upstream, breaker } = find(id, family);
      const nowMs = deps.nowMs();
      const measured = upstream.latency.get(family);
      const isFresh = measured !== undefined && nowMs - measured.atMs <= latencyMaxAgeMs;
      const firstContentMs = isFresh ? measured.ewmaMs : null;
      if (upstream.coolUntilMs > nowMs) return { state: "resting", firstContentMs };
      if (breaker.state() === "closed") return { state: "healthy", firstContentMs };
      return { state: breaker.awaitsTrial() ? "trial" : "resting", firstContentMs };
    },
    open(id, family, providerCall) {
      const { upstream, breaker } = find(id, family);
      if (upstream.inFlight >= deps.maxInFlightPerUpstream) return { kind: "saturated", retryAfterSeconds: 1 };
      const ticket = breaker.admit();
      if (ticket === null) return restOf(id, family);
      upstream.inFlight += 1;
      const call = upstream.provider.open(providerCall, upstream.credential);
      return upstreamCall({ upstream, breaker, ticket, family, call, nowMs: deps.nowMs });
    },
    restOf: (ids, family) =>
      ids
        .map((id) => restOf(id, family))
        .reduce((first, other) => (other.retryAfterSeconds < first.retryAfterSeconds ? other : first)),
    inFlight: (id) => upstreams.get(id)?.inFlight ?? 0,
    async close() {
      for (const { breakers, provider } of upstreams.values()) {
        for (const breaker of breakers.values()) breaker.close();
        await provider.close();
      }
    },
  };
}
