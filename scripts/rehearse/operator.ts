import { join } from "node:path";
import type { Secret } from "../topdog/create-secrets.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { Kube } from "./kube.ts";

/** Where a service's database is, with its role and password. */
export type DatabaseUrl = (service: string) => string;

/** Runs an operator's command of a service, and returns the line that it prints last. */
export type OperatorCommand = (service: "org-registry" | "billing", name: string, ...args: string[]) => Promise<string>;

export interface Operator {
  readonly databaseUrl: DatabaseUrl;
  readonly command: OperatorCommand;
}

export interface OperatorOptions {
  readonly cluster: Cluster;
  readonly kube: Kube;
  /** The tree whose commands are run. */
  readonly root: string;
  readonly secrets: readonly Secret[];
}

/** Somebody with the platform's secrets, on the cluster's network, who does not know its names. */
export async function createOperator({ cluster, kube, root, secrets }: OperatorOptions): Promise<Operator> {
  const postgres = await kube.addressOf("topdog-postgres");
  const valueOf = (name: string, key: string): string =>
    secrets.find(({ metadata }) => metadata.name === name)?.stringData[key] ?? "";
  const databaseUrl = (service: string): string =>
    valueOf(`${service}-database`, "DATABASE_URL").replace("@topdog-postgres:", `@${postgres}:`);
  const command: OperatorCommand = async (service, name, ...args) => {
    const env = [`DATABASE_URL=${databaseUrl(service)}`, `AUDIT_KEYS=${valueOf("audit-keys", "AUDIT_KEYS")}`];
    const entry = join(root, "services", service, "dist/commands", `${name}.js`);
    const printed = await cluster.exec("env", [...env, process.execPath, entry, ...args]);
    return printed.trim().split("\n").at(-1) ?? "";
  };
  return { databaseUrl, command };
}

const operatorScopes = "llm,usage:read,account";

/** What a command made, as it says in JSON. */
export const made = (line: string): Readonly<Record<string, string>> =>
  JSON.parse(line) as Readonly<Record<string, string>>;

/** The key of an org with more quota than any load can use. */
export async function createCaller({ command }: Operator): Promise<string> {
  const { id: user = "" } = made(await command("org-registry", "create-user", "--email", "load@example.test"));
  const { id: org = "" } = made(await command("org-registry", "create-org", "--name", "Load", "--owner", user));
  await command("billing", "set-plan", "--owner", `org:${org}`, "--plan", "enterprise", "--seats", "2000");
  const flags = ["--user", user, "--org", org, "--scopes", operatorScopes];
  const { key = "" } = made(await command("org-registry", "create-key", ...flags));
  return key;
}
