import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { freeSubscription } from "../domain/subscription.ts";
import { findSubscription } from "../store/subscriptions.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("show-subscription")
    .description("Show a user's or an org's subscription as one JSON line; free when none was ever set.")
    .requiredOption("--owner <owner>", "user:<id> or org:<id>")
    .action(async ({ owner }: { owner: string }) => {
      await runCommand(async ({ db }) => {
        console.log(JSON.stringify((await findSubscription(db, owner)) ?? freeSubscription(owner)));
      });
    }),
);
