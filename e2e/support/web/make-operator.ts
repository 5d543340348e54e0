import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { databaseOf } from "@topdog/contracts/services";
import { runtimeEnvironment } from "@topdog/local-stack/child-environment";
import type { Stack } from "@topdog/local-stack/stack";

const run = promisify(execFile);
const commands = join(import.meta.dirname, "../../../services/org-registry/dist/commands");

/** Gives a person the admin role, as an operator's command does; their sessions end. */
export const makeOperator = (stack: Stack, email: string): Promise<void> => runCommand(stack, "make-operator", email);

/** Takes the authenticator app of a person who lost it, in the same way. */
export const removeSecondFactor = (stack: Stack, email: string, reason: string): Promise<void> =>
  runCommand(stack, "remove-second-factor", email, "--reason", reason);

async function runCommand(stack: Stack, name: string, ...args: readonly string[]): Promise<void> {
  const database = databaseOf("org-registry");
  await run(process.execPath, [join(commands, `${name}.js`), ...args], {
    env: {
      ...runtimeEnvironment(process.env),
      DATABASE_URL: stack.postgres.url(database, database),
      AUDIT_KEYS: stack.auditKeys,
      NODE_OPTIONS: "",
    },
    timeout: 60_000,
  });
}
