import type { Command } from "commander";
import { createVaultKeys } from "@topdog/vault/keyring";

/** Makes a key-encryption key of the vault, before those of VAULT_KEYS when that is set. Nothing is kept. */
export function addCreateVaultKey(program: Command): void {
  program
    .command("create-vault-key")
    .summary("make a key-encryption key, before those in VAULT_KEYS, and show them all, once")
    .requiredOption("--kid <name>", "the key's name, such as 2027-01")
    .action(({ kid }: { kid: string }) => {
      const older = process.env["VAULT_KEYS"];
      console.log(`VAULT_KEYS=${createVaultKeys(kid, older === "" ? undefined : older)}`);
    });
}
