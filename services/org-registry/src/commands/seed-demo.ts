import { Command } from "commander";
import { seedDemo } from "../usecases/seed-demo.ts";
import { readKeyFile, writeKeyFile } from "../store/key-file.ts";
import { runCommand } from "./run-command.ts";

await new Command("seed-demo")
  .description("Create the demo user, the demo Teams org and their keys, once. Prints them as one JSON line.")
  .requiredOption("--state-file <path>", "where the demo keys are kept (mode 0600); lost keys are replaced")
  .action(async ({ stateFile }: { stateFile: string }) => {
    await runCommand(async (deps) => {
      const demo = await seedDemo(deps, await readKeyFile(stateFile));
      await writeKeyFile(stateFile, demo);
      console.log(JSON.stringify(demo));
    });
  })
  .parseAsync();
