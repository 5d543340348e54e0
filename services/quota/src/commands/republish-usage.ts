import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { tellUsageAgain } from "../usecases/keep-usage.ts";
import { parseDay, runCommand } from "./run-command.ts";

await runProgram(
  new Command("republish-usage")
    .description("Announce again what members used on some days; whoever has the sums changes nothing.")
    .requiredOption("--from <day>", "the first day, 2026-11-20", parseDay)
    .option("--to <day>", "the last day; the first when left out", parseDay)
    .action(async ({ from, to = from }: { from: string; to?: string }) => {
      await runCommand(async (db) => {
        console.log(`announced again: ${await tellUsageAgain(db, { from, to })} members' days`);
      });
    }),
);
