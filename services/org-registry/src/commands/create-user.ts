import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { createUser } from "../usecases/create-user.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("create-user")
    .description("Create a user. Prints the user as one JSON line.")
    .requiredOption("--email <address>", "the user's email address")
    .action(async ({ email }: { email: string }) => {
      await runCommand(async (deps) => console.log(JSON.stringify(await createUser(deps, email))));
    }),
);
