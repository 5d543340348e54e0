import { runProgram } from "@topdog/service/run-program";
import { Command } from "commander";
import { addCreateCallerKey } from "./topdog/create-caller-key.ts";
import { addCreateSecrets } from "./topdog/create-secrets.ts";
import { addCreateVaultKey } from "./topdog/create-vault-key.ts";
import { addDeadLetterCommands } from "./topdog/dead-letters.ts";
import { addServiceCommands } from "./topdog/service-commands.ts";

const program = new Command("topdog")
  .description("Operator commands for the running platform: npm run topdog -- <command>")
  .option("--stack-file <path>", "where npm start wrote how to connect", ".topdog/data/stack.json")
  .enablePositionalOptions()
  .showHelpAfterError("(topdog --help lists the commands)")
  .addHelpText(
    "after",
    `
Examples:
  npm run topdog -- create-user --email ada@example.test
  npm run topdog -- create-key --user usr_1
  npm run topdog -- set-plan --owner user:usr_1 --plan pro
  npm run topdog -- dead-letters list

Without a stack file, or instead of it: DATABASE_URL_ORG_REGISTRY with AUDIT_KEYS, DATABASE_URL_BILLING,
and NATS_URL with the operator's NATS_NKEY_SEED.
Exit codes: 0 done, 1 refused or not as it must be, 2 wrong use or failed.`,
  );
addServiceCommands(program);
addDeadLetterCommands(program);
addCreateCallerKey(program);
addCreateVaultKey(program);
addCreateSecrets(program);

await runProgram(program);
// A bus that never answered would hold the process.
process.exit();
