import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { seedDemo } from "../usecases/seed-demo.ts";
import { readKeyFile, writeKeyFile } from "../store/key-file.ts";
import { createPasswordHashes, productionCost } from "../store/password-hash.ts";
import { seedPassword } from "../usecases/seed-password.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("seed-demo")
    .description(
      "Create the demo user, the demo Teams org, their keys and password, once. Prints them as one JSON line.",
    )
    .requiredOption(
      "--state-file <path>",
      "where the demo keys and the password are kept (mode 0600); lost keys are replaced",
    )
    .action(async ({ stateFile }: { stateFile: string }) => {
      await runCommand(async (deps) => {
        const kept = await readKeyFile(stateFile);
        const demo = await seedDemo(deps, kept);
        const passwords = createPasswordHashes(productionCost);
        const userIds = [demo.userId, demo.teamsOwnerId, ...demo.memberIds];
        const password = await seedPassword({ ...deps, passwords }, userIds, kept?.password);
        await writeKeyFile(stateFile, { ...demo, password });
        console.log(JSON.stringify({ ...demo, password }));
      });
    }),
);
