import { defaultKeyScopes } from "@topdog/contracts/key-scopes";
import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { createKeyAsOperator } from "../usecases/create-key.ts";
import {
  type KeyFlags,
  parseAddresses,
  parseCeiling,
  parseExpiry,
  parseModels,
  parseScopes,
  settingsOf,
} from "./parse-key-settings.ts";
import { parseName } from "./parse-name.ts";
import { runCommand } from "./run-command.ts";

interface Flags extends KeyFlags {
  readonly user: string;
  readonly org?: string;
  readonly name: string;
}

await runProgram(
  new Command("create-key")
    .description("Create an API key for a user. Prints it, this once, in one JSON line.")
    .requiredOption("--user <userId>", "whose key it is")
    .option("--org <orgId>", "the org it works for; without it the key is personal")
    .option("--name <name>", "what the key is called", parseName, "operator")
    .option("--scopes <list>", "llm, usage:read, account; separated by commas", parseScopes, [...defaultKeyScopes])
    .option("--expires <time>", "when it ends, 2026-12-31T00:00:00Z", parseExpiry)
    .option("--models <list>", "the only models that it may call, separated by commas", parseModels)
    .option("--addresses <list>", "where alone it may be used from: addresses or CIDR ranges", parseAddresses)
    .option("--ceiling <calls>", "the calls that it may make in a day", parseCeiling)
    .action(async ({ user, org, name, ...flags }: Flags) => {
      await runCommand(async (deps) => {
        const wanted = { userId: user, orgId: org ?? null, name, settings: settingsOf(flags) };
        const { record, key } = await createKeyAsOperator(deps, wanted);
        console.log(JSON.stringify({ id: record.id, key, userId: user, orgId: record.orgId, scopes: record.scopes }));
      });
    }),
);
