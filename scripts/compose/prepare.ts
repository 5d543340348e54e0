import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { storingServices } from "@topdog/contracts/services";
import { type Engines, migrateAll, seedDemo } from "@topdog/local-stack/stack-setup";

const root = join(import.meta.dirname, "../..");

/** Brings databases and streams up to date and makes the demo's people, once. */
async function main(folder: string, natsUrl: string): Promise<void> {
  const variable = (process: string, name: string): string => {
    const value = parseEnv(readFileSync(join(folder, `${process}.env`), "utf8"))[name];
    if (value === undefined) throw new Error(`${process}.env in ${folder} has no ${name}`);
    return value;
  };
  const urls = (kind: string): Engines["databaseUrls"] =>
    Object.fromEntries(
      storingServices.map((service) => [service, variable(`${service}${kind}`, "DATABASE_URL")]),
    ) as Engines["databaseUrls"];
  const databaseUrls = urls("");
  const auditKeys = variable("org-registry", "AUDIT_KEYS");
  const busSeeds = { operator: variable("operator", "NATS_NKEY_SEED") };
  await migrateAll({ root, natsUrl, busSeeds, databaseUrls, auditKeys }, urls("-migration"));
  console.log("schemas and streams are in place");
  const files = { keys: join(folder, "demo-keys.json"), done: join(folder, "demo.json") };
  const demo = await seedDemo({ root, databaseUrls, auditKeys }, files.keys, files.done);
  console.log(`demo key: ${demo.userKey}\ndemo password: ${demo.password ?? "(of an earlier version)"}`);
}

const [folder] = process.argv.slice(2);
const natsUrl = process.env["NATS_URL"];
if (folder === undefined || natsUrl === undefined) throw new Error("usage: NATS_URL=nats://… prepare.ts <folder>");
await main(folder, natsUrl);
