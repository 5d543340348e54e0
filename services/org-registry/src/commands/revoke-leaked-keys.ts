import { text } from "node:stream/consumers";
import { findApiKeys } from "@topdog/contracts/api-key";
import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { revokeLeakedKeys } from "../usecases/revoke-leaked-keys.ts";
import { runCommand } from "./run-command.ts";

await runProgram(
  new Command("revoke-leaked-keys")
    .description(
      "Revoke every API key that stands in a text on the standard input. Prints which of ours they were, never a key.",
    )
    .action(async () => {
      const found = findApiKeys(await text(process.stdin));
      await runCommand(async (deps) => {
        const revoked = await revokeLeakedKeys(deps, found);
        for (const { keyId, userId, what } of revoked) console.log(JSON.stringify({ keyId, userId, what }));
        console.log(`${found.length} found, ${revoked.length} of them live: revoked`);
      });
    }),
);
