import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { type ServiceName, services } from "@topdog/contracts/services";
import { durables } from "@topdog/contracts/topology";
import type { z } from "zod";
import { secretPlace, soundsSecret } from "./secret-names.ts";

/** What a service's chart knows of the code. It is written into the chart, and nobody edits it there. */
export interface ServiceFacts {
  readonly service: ServiceName;
  readonly ports: Readonly<Record<string, number>>;
  readonly stores: boolean;
  readonly bus: boolean;
  /** Reached from outside the cluster. */
  readonly public: boolean;
  /** Keeps usage on disk until the bus has it. */
  readonly spool: boolean;
  readonly usesPublicUrl: boolean;
  /** Whom it calls: by the variable that says where they are. */
  readonly siblings: Readonly<Record<string, { readonly service: ServiceName; readonly port: number }>>;
  readonly router: { readonly service: ServiceName; readonly port: number } | null;
  readonly callers: readonly ServiceName[];
  readonly durables: readonly { readonly stream: string; readonly name: string }[];
  /** Ports on which it calls the internet. */
  readonly internet: readonly number[];
  readonly secrets: readonly { readonly name: string; readonly optional: boolean; readonly variables: string[] }[];
  readonly secretFolders: readonly { readonly name: string; readonly optional: boolean }[];
}

const root = join(import.meta.dirname, "../..");
const internetPorts: Readonly<Partial<Record<ServiceName, readonly number[]>>> = {
  "llm-router": [443],
  billing: [443],
  "org-registry": [443, 465, 587],
};
const gatewayPorts = { link: 8094 } as const;

export async function readConfigSchema(service: string): Promise<z.ZodObject> {
  const file = join(root, "services", service, "src/config.ts");
  const { configSchema } = (await import(pathToFileURL(file).href)) as { readonly configSchema: z.ZodObject };
  return configSchema;
}

const portOf = (service: ServiceName): number => services.find(({ name }) => name === service)?.httpPort ?? 0;
const addressVariable = (service: string): string => `${service.toUpperCase().replaceAll("-", "_")}_URL`;

/** Throws when a variable sounds secret and has no place among the secrets. */
export async function readFacts(service: ServiceName): Promise<ServiceFacts> {
  const facts = services.find(({ name }) => name === service);
  if (facts === undefined) throw new Error(`${service} is not in the list of services`);
  const variables = Object.keys((await readConfigSchema(service)).shape);
  const has = (name: string): boolean => variables.includes(name);
  const homeless = variables.filter((name) => soundsSecret(name) && secretPlace(service, name) === null);
  if (homeless.length > 0) throw new Error(`${service}: in which secret are ${homeless.join(", ")}?`);
  const others = services.filter(({ name }) => name !== service && has(addressVariable(name)));
  return {
    service,
    ports: {
      http: facts.httpPort,
      operations: facts.opsPort,
      ...(has("LINK_PORT") ? gatewayPorts : {}),
    },
    stores: facts.stores,
    bus: has("NATS_URL"),
    public: service === "gateway",
    spool: has("SPOOL_DIR"),
    usesPublicUrl: has("PUBLIC_URL"),
    siblings: Object.fromEntries(
      others.map(({ name }) => [addressVariable(name), { service: name, port: portOf(name) }]),
    ),
    router: has("ROUTER_URL") ? { service: "llm-router", port: gatewayPorts.link } : null,
    callers: service === "gateway" ? [] : ["gateway"],
    durables: durables.filter((one) => one.service === service).map(({ stream, name }) => ({ stream, name })),
    internet: internetPorts[service] ?? [],
    ...secretsOf(service, variables),
  };
}

function secretsOf(
  service: ServiceName,
  variables: readonly string[],
): Pick<ServiceFacts, "secrets" | "secretFolders"> {
  const secrets = new Map<string, { name: string; optional: boolean; variables: string[] }>();
  const folders = new Map<string, { name: string; optional: boolean }>();
  for (const variable of variables) {
    const place = secretPlace(service, variable);
    if (place === null) continue;
    const { name, optional = false, whole = false } = place;
    if (whole) folders.set(name, { name, optional });
    else secrets.set(name, { name, optional, variables: [...(secrets.get(name)?.variables ?? []), variable] });
  }
  return { secrets: [...secrets.values()], secretFolders: [...folders.values()] };
}
