import { runProgram } from "@topdog/service/run-program";
import { Command, InvalidArgumentError } from "commander";
import { listQuarantine } from "../store/quarantine.ts";
import { replayEvents } from "../store/webhook-events.ts";
import { backfillEvents } from "../usecases/backfill-events.ts";
import { checkStripe } from "../usecases/check-stripe.ts";
import { resolveQuarantine } from "../usecases/resolve-quarantine.ts";
import { settleWebhooks } from "../usecases/settle-webhooks.ts";
import { sweep } from "../usecases/sweep.ts";
import { runCommand, runStripeCommand } from "./run-command.ts";

const dayMs = 86_400_000;
/** Stripe keeps no event for longer. */
const maxDays = 30;
const maxEntries = 1_000;

function days(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > maxDays)
    throw new InvalidArgumentError(`must be a whole number from 1 to ${maxDays}`);
  return count;
}

const program = new Command("stripe")
  .description("Look at, and put right, what is between Stripe and us. Each may be repeated.")
  .addHelpText("after", "\nExit codes: 0 done, 1 refused or something is not as it must be, 2 wrong use or failed.");

program
  .command("check")
  .description("compare the Stripe account with what is relied on: key, prices, portal, webhook endpoint")
  .action(() =>
    runStripeCommand(async (deps) => {
      const findings = await checkStripe(deps, deps.portalConfigurationId);
      for (const { point, ok, detail } of findings) console.log(`${ok ? "ok   " : "WRONG"}  ${point}: ${detail}`);
      const wrong = findings.filter(({ ok }) => !ok).length;
      console.log(`${findings.length} points, ${wrong} wrong`);
      if (wrong > 0) process.exitCode = 1;
    }),
  );

program
  .command("sweep")
  .description("compare every subscription at Stripe with ours now, and repair ours")
  .action(() =>
    runStripeCommand(async (deps) => {
      const { customers, repaired } = await sweep(deps, { now: true });
      console.log(`${customers} customers, ${repaired} repaired`);
    }),
  );

program
  .command("backfill")
  .description("take events that were missed from Stripe's own list into the inbox; the running service settles them")
  .option("--days <n>", "how far back, 30 at most", days, maxDays)
  .option("--undelivered", "only those that Stripe could not deliver", false)
  .action(({ days: count, undelivered }: { days: number; undelivered: boolean }) =>
    runStripeCommand(async (deps) => {
      const since = new Date(Date.now() - count * dayMs);
      const { seen, added } = await backfillEvents(deps, { since, undeliveredOnly: undelivered });
      console.log(`${seen} events, ${added} of them new`);
    }),
  );

program
  .command("replay")
  .description("settle an event once more, or every one that failed")
  .argument("[event]", "evt_…; all that failed when left out")
  .action((event: string | undefined) =>
    runStripeCommand(async (deps) => {
      const replayed = await replayEvents(deps.db, event ?? null);
      if (replayed > 0) await settleWebhooks(deps);
      console.log(`${replayed} replayed`);
      if (event !== undefined && replayed === 0) process.exitCode = 1;
    }),
  );

const quarantine = program.command("quarantine").description("facts from Stripe that are not understood");
quarantine
  .command("list")
  .description("the open entries, the oldest first, one JSON line each")
  .action(() =>
    runCommand(async ({ db }) => {
      for (const entry of await listQuarantine(db, maxEntries)) console.log(JSON.stringify(entry));
    }),
  );
quarantine
  .command("resolve")
  .description("close an entry that was dealt with, and look again: what is still so comes back")
  .argument("<id>")
  .requiredOption("--reason <text>", "what was done")
  .action((id: string, { reason }: { reason: string }) =>
    runStripeCommand(async (deps) => {
      if (/^\d{1,18}$/.test(id) && (await resolveQuarantine(deps, id, reason))) {
        console.log(`${id} resolved`);
        return;
      }
      console.error(`refused: there is no open entry ${id}`);
      process.exitCode = 1;
    }),
  );

await runProgram(program);
