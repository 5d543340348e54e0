import { createDatabase } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { readCommandConfig } from "../config.ts";
import type { Erased } from "../domain/kept-answers.ts";
import { eraseAnswers } from "../store/erasures.ts";

interface Flags {
  org?: string;
  user?: string;
}

function erasedOf({ org, user }: Flags): Erased | null {
  if (org !== undefined) return { orgId: org, userId: user ?? null };
  return user === undefined ? null : { orgId: null, userId: user };
}

async function erase(whose: Erased): Promise<void> {
  const { DATABASE_URL } = readCommandConfig();
  const db = createDatabase({ url: DATABASE_URL.reveal(), applicationName: "llm-router-command", maxConnections: 2 });
  try {
    const erased = await inTransaction(db, (trx) => eraseAnswers(trx, whose, new Date()));
    console.log(`erased ${erased} kept ${erased === 1 ? "answer" : "answers"}`);
  } finally {
    await db.destroy();
  }
}

await runProgram(
  new Command("erase-answers")
    .description("Erase stored responses, cached answers and answers of idempotency keys, at once.")
    .option("--user <id>", "those of calls that this user made, everywhere or in the org that is named")
    .option("--org <id>", "those of calls that were made in this org")
    .addHelpText("after", "\nAn org's, and those of a member who leaves, are erased by the service itself.")
    .action(async (flags: Flags, command: Command) => {
      const whose = erasedOf(flags);
      if (whose === null) return command.error("error: name a user, an org, or both");
      return erase(whose);
    }),
);
