export interface ServiceFacts {
  readonly name: string;
  /** What it answers for, in a few words. */
  readonly meaning: string;
  /** Whether it has a database of its own, of the same name with underscores, and a role that goes with it. */
  readonly stores: boolean;
  /** Default of `HTTP_PORT`. */
  readonly httpPort: number;
  /** Default of `OPS_PORT`: probes, metrics and service documents. */
  readonly opsPort: number;
}

/** The services of the platform: the one list, in the order in which they start. A test compares it with the folders. */
export const services = [
  { name: "org-registry", meaning: "users, orgs, API keys", stores: true, httpPort: 8081, opsPort: 9081 },
  { name: "billing", meaning: "plans and subscriptions", stores: true, httpPort: 8082, opsPort: 9082 },
  { name: "quota", meaning: "leases and the usage ledger", stores: true, httpPort: 8083, opsPort: 9083 },
  { name: "llm-router", meaning: "the provider pool", stores: true, httpPort: 8084, opsPort: 9084 },
  { name: "gateway", meaning: "the LLM API and the account API", stores: false, httpPort: 8080, opsPort: 9080 },
] as const satisfies readonly ServiceFacts[];

/** Stands in for providers on a machine without keys; no part of the platform. */
export const sandboxProvider = {
  name: "sandbox-provider",
  meaning: "a sandbox provider",
  stores: false,
  httpPort: 8091,
  opsPort: 9091,
} as const satisfies ServiceFacts;

/** Stands in for Stripe on a machine without an account there; no part of the platform. */
export const stripeTwin = {
  name: "stripe-twin",
  meaning: "a Stripe twin: no real money",
  stores: false,
  httpPort: 8093,
  opsPort: 9093,
} as const satisfies ServiceFacts;

/** Processes that stand in for others' services. */
export const standIns = [sandboxProvider, stripeTwin] as const;
export type StandInName = (typeof standIns)[number]["name"];

export const isStandIn = (name: string): name is StandInName => standIns.some((one) => one.name === name);

export type ServiceName = (typeof services)[number]["name"];
export type StoringService = Extract<(typeof services)[number], { readonly stores: true }>["name"];

export const serviceNames: readonly ServiceName[] = services.map(({ name }) => name);

const stores = (one: (typeof services)[number]): one is Extract<typeof one, { readonly stores: true }> => one.stores;
export const storingServices: readonly StoringService[] = services.filter(stores).map(({ name }) => name);

/** The database of a service that stores, and the role that owns it. */
export const databaseOf = (service: string): string => service.replaceAll("-", "_");
