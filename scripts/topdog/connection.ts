import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { databaseOf, type StoringService } from "@topdog/contracts/services";
import { z } from "zod";

const stackSchema = z.object({
  databases: z.record(z.string(), z.string()),
  natsUrl: z.string(),
  natsSeed: z.string(),
  auditKeys: z.string(),
  stripeVariables: z.record(z.string(), z.string()),
});

type StackFile = z.infer<typeof stackSchema>;

const databaseVariable = (service: StoringService): string => `DATABASE_URL_${databaseOf(service).toUpperCase()}`;

/** The URL of a service's database: from `DATABASE_URL_<SERVICE>`, else from the file that `npm start` wrote. */
export const findDatabaseUrl = (service: StoringService, stackFile: string): string =>
  find(databaseVariable(service), stackFile, ({ databases }) => databases[databaseOf(service)]);

/** The bus, and who an operator is there: from the environment, else from the file that `npm start` wrote. */
export const findBus = (stackFile: string): { url: string; seed: string } => ({
  url: find("NATS_URL", stackFile, ({ natsUrl }) => natsUrl),
  seed: find("NATS_NKEY_SEED", stackFile, ({ natsSeed }) => natsSeed),
});

/** The keys of the audit log: from the environment, else from the file that `npm start` wrote. */
export const findAuditKeys = (stackFile: string): string => find("AUDIT_KEYS", stackFile, ({ auditKeys }) => auditKeys);

/** How billing reaches Stripe: as this environment says, else the twin of the file that `npm start` wrote, if there is one. */
export const findStripeVariables = (stackFile: string): Readonly<Record<string, string>> =>
  (process.env["STRIPE_SECRET_KEY"] ?? "") === "" ? (readStack(stackFile)?.stripeVariables ?? {}) : {};

function find(variable: string, stackFile: string, inStack: (stack: StackFile) => string | undefined): string {
  const given = process.env[variable];
  if (given !== undefined && given !== "") return given;
  const stack = readStack(stackFile);
  if (stack === null) {
    throw new Error(`no running stack: ${stackFile} is missing. Run npm start first, or set ${variable}.`);
  }
  const found = inStack(stack);
  if (found === undefined) throw notAStackFile(stackFile);
  return found;
}

const notAStackFile = (file: string): Error =>
  new Error(`${file} is not a stack file: stop the stack and start it again`);

function readStack(file: string): StackFile | null {
  let text: string;
  try {
    text = readFileSync(resolve(import.meta.dirname, "../..", file), "utf8");
  } catch {
    return null;
  }
  try {
    return stackSchema.parse(JSON.parse(text));
  } catch {
    throw notAStackFile(file);
  }
}
