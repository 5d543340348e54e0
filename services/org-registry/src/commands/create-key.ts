import { Command } from "commander";
import { createKeyAsOperator } from "../usecases/create-key.ts";
import { parseName } from "./parse-name.ts";
import { runCommand } from "./run-command.ts";

await new Command("create-key")
  .description("Create an API key for a user. Prints it, this once, in one JSON line.")
  .requiredOption("--user <userId>", "whose key it is")
  .option("--org <orgId>", "the org it works for; without it the key is personal")
  .option("--name <name>", "what the key is called", parseName, "operator")
  .action(async ({ user, org, name }: { user: string; org?: string; name: string }) => {
    await runCommand(async (deps) => {
      const { record, key } = await createKeyAsOperator(deps, { userId: user, orgId: org ?? null, name });
      console.log(JSON.stringify({ id: record.id, key, userId: user, orgId: record.orgId }));
    });
  })
  .parseAsync();
