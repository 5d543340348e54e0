import { createKeyring } from "@topdog/vault/keyring";
import { Command } from "commander";
import { readVaultConfig } from "../config.ts";
import { rewrapCredentials } from "../usecases/rewrap-credentials.ts";
import { runCommand } from "./run-command.ts";

const batchSize = 200;

await new Command("rotate-vault-key")
  .description(
    "Move every provider credential to the newest key of VAULT_KEYS, while everything runs. It may be cut and run again. Give all services the new key first, and take the old one away afterwards.",
  )
  .action(async () => {
    await runCommand(async ({ db }) => {
      const vault = createKeyring(readVaultConfig().VAULT_KEYS);
      const { done, total } = await rewrapCredentials({ db, vault, batchSize }, (progress) => {
        console.log(`${progress.done} of ${progress.total} credentials are under ${vault.currentKid}`);
      });
      // Rotated or revoked meanwhile: under the newest key of the service that did it.
      if (done < total) console.log(`${total - done} changed meanwhile: run it again to be sure`);
    });
  })
  .parseAsync();
