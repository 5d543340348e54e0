import { createKeyPair } from "@topdog/caller-token/keys";
import type { Command } from "commander";

/** Makes the pair that the gateway signs callers with and the services verify them with. Nothing is kept. */
export function addCreateCallerKey(program: Command): void {
  program
    .command("create-caller-key")
    .summary("make a key pair that signs who calls, and show it, once")
    .requiredOption("--kid <name>", "the key's name, such as 2027-01")
    .action(({ kid }: { kid: string }) => {
      const { signingKey, publicKeys } = createKeyPair(kid);
      console.log(`CALLER_SIGNING_KEY=${signingKey}\nCALLER_PUBLIC_KEYS=${publicKeys}`);
    });
}
