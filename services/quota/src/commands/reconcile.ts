import type { Database } from "@topdog/postgres/pool";
import { exitCodes, runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { writeOffUnknown } from "../store/metering-proof.ts";
import type { DayGap, DaySums } from "../store/reconciliation.ts";
import { reconcileDay } from "../usecases/reconcile-day.ts";
import { parseDay, runCommand } from "./run-command.ts";

const shownGaps = 20;

function showSums(day: string, sums: DaySums): void {
  console.log(`${day}: ${sums.buckets} buckets, ${sums.leases} leases, ${sums.openLeases} of them open`);
  console.log(
    `  ledger    ${sums.charges} charges - ${sums.refunds} refunds = ${sums.charges - sums.refunds}; settled ${sums.settled}`,
  );
  console.log(`  escrow    ${sums.escrow}, of which burned ${sums.burned}`);
  console.log(`  draws     ${sums.drawn} by ${sums.members} members of orgs`);
  console.log(`  usage     ${sums.openRows} rows open, ${sums.unknownRows} unknown`);
  console.log(`  roll-ups  ${sums.rolledUpCalls} calls; completed in the ledger ${sums.completedCalls}`);
}

function showGap({ owner, meter, leaseId, member, guarantee, expected, actual }: DayGap): void {
  const named = [leaseId === null ? "" : `lease ${leaseId}`, member === null ? "" : `member ${member}`];
  const place = [owner, meter, ...named].filter((part) => part !== "").join(" ");
  console.log(`  gap: ${place}: ${guarantee}: expected ${expected}, is ${actual}`);
}

async function reconcile(db: Database, day: string): Promise<void> {
  const { sums, gaps } = await reconcileDay(db, day);
  showSums(day, sums);
  for (const gap of gaps.slice(0, shownGaps)) showGap(gap);
  if (gaps.length > shownGaps) console.log(`  and ${gaps.length - shownGaps} more`);
  console.log(gaps.length === 0 ? "no gap" : `${gaps.length} gaps`);
  if (gaps.length > 0) process.exitCode = exitCodes.refused;
}

await runProgram(
  new Command("reconcile")
    .description("Prove from its rows that a day's ledger, counters, leases, draws and roll-ups agree.")
    .requiredOption("--day <day>", "2026-11-25", parseDay)
    .option(
      "--write-off <reason>",
      "calls of that day without a usage record, which will never come, count no more against the SLI; they stay charged",
    )
    .addHelpText("after", "\nExit codes: 0 no gap; 1 gaps, which it names; 2 wrong use, or it could not look.")
    .action(async ({ day, writeOff }: { day: string; writeOff?: string }) => {
      await runCommand(async (db) => {
        if (writeOff === undefined) return reconcile(db, day);
        console.log(`written off: calls of ${await writeOffUnknown(db, day, writeOff)} leases`);
      });
    }),
);
