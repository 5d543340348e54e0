import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { revokeKeyAsOperator } from "../usecases/revoke-key.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("revoke-key")
    .description(
      "Revoke an API key, with both of its secrets: each gateway refuses it from the moment that the event arrives.",
    )
    .argument("<keyId>", "the key's id, key_…")
    .action(async (keyId: string) => {
      await runCommand(async (deps) => {
        await revokeKeyAsOperator(deps, keyId);
        console.log(`revoked ${keyId}`);
      });
    }),
);
