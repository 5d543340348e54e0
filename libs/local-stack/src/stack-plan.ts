import { dirname, join } from "node:path";
import { isProviderVariable } from "@topdog/contracts/providers";
import {
  isStandIn,
  type ServiceName,
  type StandInName,
  type StoringService,
  storingServices,
  stripeTwin,
} from "@topdog/contracts/services";
import { twinPriceVariables } from "@topdog/contracts/stripe-prices";
import type { BusSeeds } from "./bus-keys.ts";
import { type Environment, pickVariables } from "./child-environment.ts";
import type { ServiceSpec } from "./service.ts";
import type { KeyPair } from "./state-folder.ts";

export interface StackPlan {
  readonly root: string;
  readonly host: string;
  readonly logDir: string;
  readonly logLevel: string;
  readonly natsUrl: string;
  readonly busSeeds: BusSeeds;
  readonly databaseUrls: Readonly<Record<StoringService, string>>;
  readonly callerKeys: KeyPair;
  readonly auditKeys: string;
  readonly routerKeys: KeyPair;
  /** Key-encryption keys of provider credentials. */
  readonly vaultKeys: string;
  readonly fingerprintKey: string;
  readonly operatorToken: string;
  /** Seals people's second factors. */
  readonly authSecret: string;
  /** Where mails are kept that would be sent. */
  readonly mailDir: string;
  /** The built web app; null where none was built. */
  readonly webDir: string | null;
  /** Of the first router; the others' stand beside it. */
  readonly spoolDir: string;
  readonly ports: Readonly<Record<string, number>>;
  /** How many processes each storing service has, but for routers: `quota`, `quota-2`, … */
  readonly replicas: number;
  /** `llm-router`, `llm-router-2`, … */
  readonly routers: readonly string[];
  /** `gateway`, `gateway-2`, … */
  readonly gateways: readonly string[];
  /** `sandbox-a`, …; none means that the router takes its provider keys from this environment. */
  readonly sandboxes: readonly string[];
  /** The twin that stands in for Stripe; null: billing takes Stripe's variables from this environment. */
  readonly stripeTwin: { readonly dataDir: string; readonly webhookSecret: string } | null;
  /** This process's environment: each service gets what its configuration names of it, provider keys only without sandboxes. */
  readonly parentEnv: Environment;
  /** By service: the variables that its configuration names. It gets no other, but for the overrides. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
  readonly overrides: Readonly<Partial<Record<string, Environment>>>;
  readonly entries: Readonly<Partial<Record<string, string>>>;
  /** Services that run from their sources and restart when these change. */
  readonly watched: readonly string[];
  /** By service: where a debugger can attach to its first process. */
  readonly inspectAddresses: Readonly<Partial<Record<string, string>>>;
}

/** A service process has two ports: under its name, and under this one for operators. */
export const opsPortName = (process: string): string => `${process}-ops`;

/** The port on which a router takes calls from gateways. */
export const linkPortName = (router: string): string => `${router}-link`;

/** Those behind the routers and gateways. */
export const storingBehind = storingServices.filter((name) => name !== "llm-router");

/** A router must be alone on its spool. */
export const spoolDirOf = ({ spoolDir }: Pick<StackPlan, "spoolDir">, router: string): string =>
  router.replace("llm-router", spoolDir);

/** Names of so many processes of one service. */
export const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => (index === 0 ? name : `${name}-${index + 1}`));

const shutdownGraceMs = 10_000;
/** Each process gets its own identity on the bus and nobody else's. */
const busEnvironment = (plan: StackPlan, package_: ServiceName | StandInName): Environment =>
  isStandIn(package_)
    ? { NATS_NKEY_SEED: undefined }
    : { NATS_URL: plan.natsUrl, NATS_NKEY_SEED: plan.busSeeds[package_] };

/** The variables that the value of UPSTREAMS names as holding a key. */
const keysOfUpstreams = (upstreams = ""): string[] =>
  [...upstreams.matchAll(/"apiKeyEnv"\s*:\s*"(\w+)"/g)].map((match) => match[1] ?? "");

/** Where people open the site. It has a name, because browsers make no passkeys for an address. */
export const siteUrl = ({ ports, parentEnv }: Pick<StackPlan, "ports" | "parentEnv">): string =>
  parentEnv["PUBLIC_URL"] ?? `http://localhost:${ports["gateway"]}`;

/** With the twin, nothing that the operator set for Stripe reaches billing: a test run can charge nobody. */
export function paymentEnvironment({
  stripeTwin: twin,
  host,
  ports,
  parentEnv,
}: Pick<StackPlan, "stripeTwin" | "host" | "ports" | "parentEnv">): {
  readonly twin: Environment;
  readonly billing: Environment;
} {
  if (twin === null) return { twin: {}, billing: {} };
  const urlOf = (name: string): string => `http://${host}:${ports[name]}`;
  // A person who paid comes back to where they were, whatever port that is on.
  const platform = siteUrl({ ports, parentEnv });
  return {
    twin: {
      DATA_DIR: twin.dataDir,
      WEBHOOK_URL: `${urlOf("billing")}/api/billing/webhook`,
      STRIPE_WEBHOOK_SECRET: twin.webhookSecret,
    },
    billing: {
      STRIPE_SECRET_KEY: "sk_test_twin_of_this_machine",
      STRIPE_API_URL: urlOf(stripeTwin.name),
      STRIPE_WEBHOOK_SECRET: twin.webhookSecret,
      STRIPE_PORTAL_CONFIGURATION_ID: undefined,
      CHECKOUT_SUCCESS_URL: `${platform}/billing?checkout=done`,
      CHECKOUT_CANCEL_URL: `${platform}/pricing`,
      PORTAL_RETURN_URL: `${platform}/billing`,
      ...twinPriceVariables(),
    },
  };
}

/** Every service process with its environment, in the order in which they start. */
export function planServices(plan: StackPlan): ServiceSpec[] {
  const urlOf = (name: string): string => `http://${plan.host}:${plan.ports[name]}`;
  const urlsOf = (name: string): string => numbered(name, plan.replicas).map(urlOf).join(",");
  const inherited = { ...plan.parentEnv };
  if (plan.sandboxes.length > 0) {
    const ofProviders = Object.keys(inherited).filter((name) => name === "UPSTREAMS" || isProviderVariable(name));
    for (const name of ofProviders) delete inherited[name];
  }
  const shared: Environment = {
    ...inherited,
    HTTP_HOST: plan.host,
    OPS_HOST: plan.host,
    LOG_LEVEL: plan.logLevel,
    OPERATOR_TOKEN: plan.operatorToken,
    AUTH_SECRET: plan.authSecret,
    MAIL_DIR: plan.mailDir,
    PUBLIC_URL: siteUrl(plan),
    SHUTDOWN_GRACE_MS: String(shutdownGraceMs),
  };
  const namedBy = (package_: string, env: Environment): Environment =>
    pickVariables(env, [
      ...(plan.variables[package_] ?? []),
      ...keysOfUpstreams(package_ === "llm-router" ? env["UPSTREAMS"] : ""),
    ]);
  const portsOf = (name: string): Environment => ({
    HTTP_PORT: String(plan.ports[name]),
    OPS_PORT: String(plan.ports[opsPortName(name)]),
  });
  const spec = (name: string, package_: ServiceName | StandInName, own: Environment): ServiceSpec => ({
    name,
    folder: join(plan.root, "services", package_),
    entry: plan.entries[package_] ?? (plan.watched.includes(package_) ? "src/main.ts" : "dist/main.js"),
    port: plan.ports[name] ?? 0,
    opsPort: plan.ports[opsPortName(name)] ?? 0,
    watched: plan.watched.includes(package_),
    inspectAddress: plan.inspectAddresses[name],
    logFile: join(plan.logDir, `${name}.log`),
    env: {
      ...namedBy(package_, { ...shared, ...busEnvironment(plan, package_), ...portsOf(name), ...own }),
      NODE_COMPILE_CACHE: join(plan.root, ".topdog/compile-cache"),
      ...plan.overrides[package_],
      ...plan.overrides[name],
    },
  });
  const routerOf = (name: string): Environment => ({
    LINK_HOST: plan.host,
    LINK_PORT: String(plan.ports[linkPortName(name)]),
    ROUTER_SIGNING_KEY: plan.routerKeys.signingKey,
    CALLER_PUBLIC_KEYS: plan.callerKeys.publicKeys,
    VAULT_KEYS: plan.vaultKeys,
    DATABASE_URL: plan.databaseUrls["llm-router"],
    SPOOL_DIR: spoolDirOf(plan, name),
    SANDBOX_URLS: plan.sandboxes.map(urlOf).join(","),
  });
  const storing = (name: StoringService): Environment => ({
    DATABASE_URL: plan.databaseUrls[name],
    CALLER_PUBLIC_KEYS: plan.callerKeys.publicKeys,
    VAULT_KEYS: plan.vaultKeys,
    CREDENTIAL_FINGERPRINT_KEY: plan.fingerprintKey,
  });
  const gateway = {
    ...(plan.webDir === null ? {} : { WEB_DIR: plan.webDir }),
    ROUTER_URL: plan.routers.map((name) => `link://${plan.host}:${plan.ports[linkPortName(name)]}`).join(","),
    ROUTER_PUBLIC_KEYS: plan.routerKeys.publicKeys,
    QUOTA_URL: urlsOf("quota"),
    ORG_REGISTRY_URL: urlsOf("org-registry"),
    BILLING_URL: urlsOf("billing"),
    CALLER_SIGNING_KEY: plan.callerKeys.signingKey,
  };
  const payments = paymentEnvironment(plan);
  return [
    ...plan.sandboxes.map((name) => spec(name, "sandbox-provider", {})),
    ...(plan.stripeTwin === null ? [] : [spec(stripeTwin.name, stripeTwin.name, payments.twin)]),
    ...storingBehind.flatMap((name) =>
      numbered(name, plan.replicas).map((process) =>
        spec(process, name, {
          ...storing(name),
          AUDIT_KEYS: plan.auditKeys,
          ...(name === "billing" ? payments.billing : {}),
        }),
      ),
    ),
    ...plan.routers.map((name) => spec(name, "llm-router", routerOf(name))),
    ...plan.gateways.map((name) =>
      spec(name, "gateway", { ...gateway, LEASE_JOURNAL_DIR: join(dirname(plan.spoolDir), "leases", name) }),
    ),
  ];
}
