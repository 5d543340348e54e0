import { exitCodes, runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { replayDays } from "../usecases/replay-days.ts";
import { parseDay, runCommand } from "./run-command.ts";

const shown = 20;

interface Flags {
  readonly from: string;
  readonly to?: string;
  readonly swap: boolean;
}

async function replay({ from, to = from, swap }: Flags): Promise<void> {
  await runCommand(async (db) => {
    const differences = await replayDays(db, { from, to }, swap);
    for (const { table, place, expected, actual } of differences.slice(0, shown))
      console.log(`  ${table}: ${place}: by the ledger ${expected}; is ${actual}`);
    if (differences.length > shown) console.log(`  and ${differences.length - shown} more`);
    const done = swap && differences.length > 0 ? ", and is put right" : "";
    console.log(differences.length === 0 ? "nothing differs" : `${differences.length} differ${done}`);
    if (differences.length > 0 && !swap) process.exitCode = exitCodes.refused;
  });
}

await runProgram(
  new Command("replay")
    .description("Rebuild counters, leases and sums of some days from the ledger, and say what differs.")
    .requiredOption("--from <day>", "the first day, 2026-11-20", parseDay)
    .option("--to <day>", "the last day; the first when left out", parseDay)
    .option("--swap", "put the rebuilt ones in their place, of days before yesterday", false)
    .addHelpText(
      "after",
      "\nExit codes: 0 nothing differs, or it was put right; 1 something differs, and is shown; 2 wrong use, or it could not look.",
    )
    .action(replay),
);
