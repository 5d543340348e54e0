import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { createOrg } from "../usecases/create-org.ts";
import { parseName } from "./parse-name.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("create-org")
    .description("Create an org with its owner. Prints the org as one JSON line.")
    .requiredOption("--name <name>", "what the org is called", parseName)
    .requiredOption("--owner <userId>", "the user who owns it")
    .action(async ({ name, owner }: { name: string; owner: string }) => {
      await runCommand(async (deps) => {
        const { id, ownerUserId } = await createOrg(deps, { name, ownerUserId: owner });
        console.log(JSON.stringify({ id, name, ownerUserId }));
      });
    }),
);
