import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { databaseOf, storingServices } from "@topdog/contracts/services";
import { ownPostgres, type OwnPostgres } from "@topdog/testing/own-postgres";
import { createSecrets } from "./create-secrets.ts";

const databasesFile = join(import.meta.dirname, "../../charts/topdog/generated/databases.json");
let postgres: OwnPostgres;
beforeEach(async () => {
  postgres = await ownPostgres();
});
afterEach(() => postgres.stop());

test("an operator of Postgres makes databases from the chart's list and roles from the secret, each as one query", async () => {
  const secrets = createSecrets({ kid: "try", database: new URL(postgres.adminUrl).host });
  const text = (name: string, key: string): string =>
    secrets.find(({ metadata }) => metadata.name === name)?.stringData[key] ?? "";
  const databases = JSON.parse(readFileSync(databasesFile, "utf8")) as readonly string[];
  expect(databases).toEqual(storingServices.map(databaseOf));
  for (const name of databases) await postgres.query(`create database ${name}`);
  await postgres.query(text("topdog-postgres-init", "roles.sql"));
  for (const service of storingServices) {
    const owner = text(`${service}-migration`, "DATABASE_URL");
    await postgres.query("create table a (id int); grant usage on schema public to public", owner);
    const runtime = text(`${service}-database`, "DATABASE_URL");
    await expect(postgres.query("create table b (id int)", runtime)).rejects.toThrow("permission denied");
  }
});
