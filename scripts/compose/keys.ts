import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import { serviceNames, storingServices } from "@topdog/contracts/services";
import { twinPriceVariables } from "@topdog/contracts/stripe-prices";
import { createSecrets, type Secret } from "../topdog/create-secrets.ts";
import { readFacts } from "../charts/service-facts.ts";

/** As whom the containers of services run, which read these files and nothing else of ours. */
const serviceUser = 65_532;
const database = "postgres:5432";

/** Makes the keys of this machine's platform in a folder, unless they are there: one file of variables for each process. */
async function main(folder: string): Promise<void> {
  if (existsSync(join(folder, "complete"))) return console.log("the keys are there already");
  const secrets = new Map(
    createSecrets({ kid: "compose", database }).map((one) => [one.metadata.name, one.stringData]),
  );
  const stripe = {
    STRIPE_SECRET_KEY: "sk_test_twin_of_this_machine",
    STRIPE_WEBHOOK_SECRET: `whsec_${randomBytes(32).toString("base64url")}`,
    ...twinPriceVariables(),
  };
  for (const service of serviceNames) {
    const { secrets: places } = await readFacts(service);
    const variables = Object.assign({}, ...places.map(({ name }) => secrets.get(name) ?? {})) as Secret["stringData"];
    write(join(folder, `${service}.env`), asEnvFile({ ...variables, ...(service === "billing" ? stripe : {}) }));
  }
  for (const service of storingServices)
    write(join(folder, `${service}-migration.env`), asEnvFile(secrets.get(`${service}-migration`) ?? {}));
  write(join(folder, "stripe-twin.env"), asEnvFile({ STRIPE_WEBHOOK_SECRET: stripe.STRIPE_WEBHOOK_SECRET }));
  write(join(folder, "operator.env"), asEnvFile(secrets.get("operator-bus") ?? {}));
  write(join(folder, "authorization.conf"), secrets.get("topdog-bus-server")?.["authorization.conf"] ?? "");
  const postgres = secrets.get("topdog-postgres-init") ?? {};
  write(join(folder, "postgres/password"), postgres["password"] ?? "");
  write(join(folder, "postgres/init.sql"), postgres["init.sql"] ?? "");
  write(join(folder, "complete"), "");
  console.log(`made the keys in ${folder}`);
}

/** In the form that `node --env-file` reads: the values hold quotation marks of one kind only. */
function asEnvFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (value.includes("'")) throw new Error(`${name} cannot be written between single quotes`);
      return `${name}='${value}'\n`;
    })
    .join("");
}

/** Files of variables are for the services alone; what the engines read, they read as users of their own. */
function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, text);
  chmodSync(`${file}.new`, file.endsWith(".env") ? 0o400 : 0o444);
  if (process.getuid?.() === 0) chownSync(`${file}.new`, serviceUser, serviceUser);
  renameSync(`${file}.new`, file);
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: keys.ts <folder>");
await main(folder);
