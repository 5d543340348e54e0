import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { makeOperator } from "../usecases/make-operator.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("make-operator")
    .description("Give a user the admin role, or take it. It works in a session with a second factor.")
    .argument("<email>", "the user's email address")
    .option("--revoke", "take the role", false)
    .action(async (email: string, { revoke }: { revoke: boolean }) => {
      await runCommand(async (deps) => {
        const { userId } = await makeOperator(deps, email, !revoke);
        console.log(`${userId} ${revoke ? "is no operator any more" : "is an operator: they sign in again"}`);
      });
    }),
);
