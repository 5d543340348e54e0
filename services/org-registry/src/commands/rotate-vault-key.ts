import { createKeyring } from "@topdog/vault/keyring";
import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { readVaultConfig } from "../config.ts";
import { createTotpSecrets } from "../store/totp-secrets.ts";
import { rewrapCredentials } from "../usecases/rewrap-credentials.ts";
import { rewrapTotp } from "../usecases/rewrap-totp.ts";
import { runCommand } from "./run-command.ts";

const batchSize = 200;

await runProgram(
  new Command("rotate-vault-key")
    .description(
      "Move every provider credential and authenticator app to the newest key of VAULT_KEYS, while everything runs. It may be cut and run again. Give all services the new key first, and take the old one away afterwards.",
    )
    .action(async () => {
      await runCommand(async ({ db }) => {
        const { VAULT_KEYS, AUTH_SECRET } = readVaultConfig();
        const vault = createKeyring(VAULT_KEYS);
        const { done, total } = await rewrapCredentials({ db, vault, batchSize }, (progress) => {
          console.log(`${progress.done} of ${progress.total} credentials are under ${vault.currentKid}`);
        });
        const totpSecrets = createTotpSecrets(vault, AUTH_SECRET);
        const apps = await rewrapTotp({ db, totpSecrets, batchSize }, (progress) => {
          console.log(`${progress.done} of ${progress.total} authenticator apps are under ${vault.currentKid}`);
        });
        // Rotated or revoked meanwhile: under the newest key of the service that did it.
        const changed = total - done + (apps.total - apps.done);
        if (changed > 0) console.log(`${changed} changed meanwhile: run it again to be sure`);
      });
    }),
);
