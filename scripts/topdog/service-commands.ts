import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { configVariables, pickVariables, runtimeEnvironment } from "@topdog/local-stack/child-environment";
import { findAuditKeys, findBus, findDatabaseUrl, findStripeVariables } from "./connection.ts";

const servicesFolder = join(import.meta.dirname, "../../services");

interface ServiceCommand {
  readonly name: string;
  readonly service: "billing" | "llm-router" | "org-registry" | "quota";
  readonly summary: string;
  /** It looks at the bus, as the operator. */
  readonly onBus?: true;
}

/** What an operator may do to a service is a command of that service; this only finds and runs it. */
export const serviceCommands: readonly ServiceCommand[] = [
  { name: "set-plan", service: "billing", summary: "give a user or an org a plan" },
  { name: "show-subscription", service: "billing", summary: "show a user's or an org's subscription" },
  { name: "stripe", service: "billing", summary: "check the Stripe account; sweep, backfill, replay; the quarantine" },
  { name: "republish", service: "billing", summary: "announce subscriptions again, after the bus lost events" },
  {
    name: "republish-orgs",
    service: "org-registry",
    summary: "announce orgs and members again, after the bus lost events",
  },
  { name: "create-user", service: "org-registry", summary: "create a user" },
  { name: "make-operator", service: "org-registry", summary: "give a user the admin role, or take it" },
  {
    name: "remove-second-factor",
    service: "org-registry",
    summary: "take the authenticator app of a user who lost it and its recovery codes",
  },
  { name: "create-org", service: "org-registry", summary: "create an org with its owner" },
  { name: "add-member", service: "org-registry", summary: "make a user who agreed to it a member of an org" },
  { name: "create-key", service: "org-registry", summary: "create an API key and show it, once" },
  { name: "revoke-key", service: "org-registry", summary: "revoke an API key everywhere" },
  { name: "revoke-leaked-keys", service: "org-registry", summary: "revoke the API keys in a text on standard input" },
  {
    name: "rotate-vault-key",
    service: "org-registry",
    summary: "move every provider credential and authenticator app to the newest key of VAULT_KEYS",
  },
  { name: "erase-answers", service: "llm-router", summary: "erase what is kept of a user's or an org's calls" },
  {
    name: "spool",
    service: "llm-router",
    summary: "a router's usage spool (--dir): list and resend its quarantine, reship what the bus lost",
    onBus: true,
  },
  {
    name: "reconcile",
    service: "quota",
    summary: "prove that a day's ledger, counters, leases, draws and roll-ups agree",
  },
  {
    name: "replay",
    service: "quota",
    summary: "rebuild some days' counters and sums from the ledger, and compare or swap",
  },
  {
    name: "republish-usage",
    service: "quota",
    summary: "announce what members used on some days again, after the bus lost events",
  },
  { name: "verify-audit", service: "org-registry", summary: "find the first audit row that does not fit", onBus: true },
];

export function addServiceCommands(program: Command): void {
  for (const command of serviceCommands) {
    program
      .command(command.name)
      .summary(command.summary)
      .argument("[arguments...]")
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions()
      .action(async (args: string[]) => {
        process.exitCode = await runServiceCommand(command, args, program.opts<{ stackFile: string }>().stackFile);
      });
  }
}

export const fileOf = ({ name, service }: Pick<ServiceCommand, "name" | "service">): string =>
  join(servicesFolder, service, "dist/commands", `${name}.js`);

async function runServiceCommand(command: ServiceCommand, args: readonly string[], stackFile: string): Promise<number> {
  const { name, service } = command;
  const file = fileOf(command);
  if (!existsSync(file)) throw new Error(`${service} is not built: run npm start once`);
  const asksForHelp = args.includes("--help") || args.includes("-h");
  const variables = await configVariables(join(servicesFolder, service));
  const env = {
    ...runtimeEnvironment(process.env),
    ...pickVariables(process.env, variables),
    ...(asksForHelp ? {} : connectionOf(command, args, stackFile)),
  };
  const identity = name === "spool" ? ["--as", "operator"] : [];
  const { status, error } = spawnSync(process.execPath, [file, ...identity, ...args], { stdio: "inherit", env });
  if (error !== undefined) throw error;
  return status ?? 2;
}

function connectionOf({ service, onBus }: ServiceCommand, args: readonly string[], stackFile: string) {
  if (service === "llm-router" && onBus === true) {
    const { url, seed } = findBus(stackFile);
    return { NATS_URL: url, NATS_NKEY_SEED: seed };
  }
  const database = { DATABASE_URL: findDatabaseUrl(service, stackFile) };
  if (service === "llm-router" || service === "quota") return database;
  if (service === "billing") return { ...findStripeVariables(stackFile), ...database };
  const registry = { ...database, AUDIT_KEYS: findAuditKeys(stackFile) };
  if (onBus !== true || args.includes("--without-anchors")) return registry;
  const { url, seed } = findBus(stackFile);
  return { ...registry, NATS_URL: url, NATS_NKEY_SEED: seed };
}
