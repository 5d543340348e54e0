import type { Metrics } from "@topdog/telemetry/metrics";

const lookupOutcomes = ["found", "refused", "failed"] as const;
const snapshotKinds = ["org", "member"] as const;
const signInOutcomes = ["ok", "wrong", "limited", "failed"] as const;
export type SignInOutcome = (typeof signInOutcomes)[number];
const lookupSecondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export interface RegistryMetrics {
  readonly principalLookups: { inc(labels: { outcome: (typeof lookupOutcomes)[number] }): void };
  readonly principalLookupSeconds: { observe(seconds: number): void };
  readonly signIns: { inc(labels: { outcome: SignInOutcome }): void };
  readonly lostSeats: { inc(count: number): void };
  readonly comparedTenants: { inc(count: number): void };
  readonly disagreeingTenants: { set(count: number): void };
  readonly lostSnapshots: { set(labels: { of: (typeof snapshotKinds)[number] }, count: number): void };
}

/** Every metric of this service. */
export const createRegistryMetrics = (metrics: Metrics): RegistryMetrics => ({
  principalLookups: metrics.counter({
    name: "topdog_org_registry_principal_lookups_total",
    help: "Principal look-ups answered, by what came out",
    labels: { outcome: lookupOutcomes },
  }),
  principalLookupSeconds: metrics.histogram({
    name: "topdog_org_registry_principal_lookup_seconds",
    help: "Time to answer a principal look-up",
    buckets: lookupSecondsBuckets,
  }),
  signIns: metrics.counter({
    name: "topdog_org_registry_sign_ins_total",
    help: "Attempts to sign in, by how they ended; limited: too many guesses before it",
    labels: { outcome: signInOutcomes },
  }),
  lostSeats: metrics.counter({
    name: "topdog_org_registry_lost_seats_total",
    help: "Members deactivated because fewer seats are paid for",
  }),
  comparedTenants: metrics.counter({
    name: "topdog_org_registry_compared_tenant_days_total",
    help: "Days of tenants whose usage was compared with the ledger",
  }),
  lostSnapshots: metrics.gauge({
    name: "topdog_org_registry_lost_snapshots",
    help: "Orgs and members that billing lacked at the last comparison; they were announced again",
    labels: { of: snapshotKinds },
  }),
  disagreeingTenants: metrics.gauge({
    name: "topdog_org_registry_disagreeing_tenant_days",
    help: "Days of tenants whose usage is not the ledger's, and was not at the look before either",
  }),
});
