import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { republishSubscriptionsOf } from "../usecases/republish-subscriptions.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("republish")
    .description("Announce subscriptions again as they are; whoever has them changes nothing.")
    .option("--owner <owner>", "user:<id> or org:<id>; every owner when absent")
    .action(async ({ owner }: { owner?: string }) => {
      await runCommand(async ({ db }) => {
        console.log(`announced again: ${await republishSubscriptionsOf(db, owner ?? null)} subscriptions`);
      });
    }),
);
