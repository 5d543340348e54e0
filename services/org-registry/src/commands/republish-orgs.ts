import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { republishEverything } from "../usecases/republish-orgs.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("republish-orgs")
    .description("Announce every org and every member again as they are; whoever has them changes nothing.")
    .action(async () => {
      await runCommand(async ({ db }) => {
        const { orgs, members } = await republishEverything(db);
        console.log(`announced again: ${orgs} orgs, ${members} members`);
      });
    }),
);
