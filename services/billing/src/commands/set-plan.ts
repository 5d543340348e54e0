import { planIds, plans } from "@topdog/contracts/plans";
import { runProgram } from "@topdog/service/run-program";
import { Command, Option } from "commander";
import { setPlan } from "../usecases/set-plan.ts";
import { runCommand } from "./run-command.ts";

interface Flags {
  owner: string;
  plan: keyof typeof plans;
  seats?: string;
  interval: string;
}

await runProgram(
  new Command("set-plan")
    .description("Give a user or an org a plan. The running billing service announces it to everybody else.")
    .requiredOption("--owner <owner>", "user:<id> or org:<id>")
    .addOption(new Option("--plan <plan>", "the plan").choices(planIds).makeOptionMandatory())
    .option("--seats <n>", "paid seats; the plan's minimum when left out")
    .addOption(new Option("--interval <interval>", "how it is billed").choices(["month", "year"]).default("month"))
    .addHelpText(
      "after",
      `
Examples:
  set-plan --owner user:usr_1 --plan pro
  set-plan --owner org:org_1 --plan teams --seats 5 --interval year

Exit codes: 0 set, or set already; 1 refused; 2 wrong use or failed`,
    )
    .action(async ({ owner, plan, seats, interval }: Flags) => {
      await runCommand(async (deps) => {
        const wanted = { owner, plan, interval, seats: seats === undefined ? plans[plan].minimumSeats : Number(seats) };
        const result = await setPlan(deps, wanted);
        if (result.outcome === "refused") {
          console.error(`refused: ${result.reason}`);
          process.exitCode = 1;
          return;
        }
        const { subscription: now, outcome } = result;
        const seatsText = plans[now.plan].perSeat ? `, ${now.seats} seats` : "";
        const verb = outcome === "changed" ? "now has" : "already has";
        console.log(
          `${now.owner} ${verb} ${plans[now.plan].name}${seatsText}, by the ${now.interval} (version ${now.version})`,
        );
      });
    }),
);
