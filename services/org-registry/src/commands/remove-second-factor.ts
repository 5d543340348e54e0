import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { removeSecondFactor } from "../usecases/remove-second-factor.ts";
import { parseName } from "./parse-name.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("remove-second-factor")
    .description(
      "Take the authenticator app and the recovery codes of a user who has lost both, and end their sessions. Make sure first who asks: from then on the password is enough to sign in.",
    )
    .argument("<email>", "the user's email address")
    .requiredOption("--reason <text>", "for the audit log: who asked, and how they showed who they are", parseName)
    .action(async (email: string, { reason }: { reason: string }) => {
      await runCommand(async (deps) => {
        const { userId } = await removeSecondFactor(deps, email, reason);
        console.log(`${userId} has no second factor any more: they sign in again, and set up another`);
      });
    }),
);
